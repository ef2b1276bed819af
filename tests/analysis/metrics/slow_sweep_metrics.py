"""The metrics once more, as slow loops over fractions: one sweep and one fill at a time."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import nan
from typing import NamedTuple

from sweep_cases import BUY, SECOND


class SlowFill(NamedTuple):
    order_id: int
    time_ns: int
    quantity: int
    price_x2: int
    is_dark: bool

    @property
    def price(self):
        return Fraction(self.price_x2, 2)


def slow_metrics(sweeps, fills, quotes, fees=(0, 0)):
    """One dict of metrics per sweep, by loops; None is missing. Fees: of dark and lit, in bps."""
    fill_columns = fills.order_id, fills.timestamp_ns, fills.quantity, fills.price_x2
    fill_columns = (*fill_columns, fills.is_dark)
    fill_rows = [SlowFill(*map(int, row)) for row in zip(*fill_columns, strict=True)]
    quote_rows = list(zip(quotes.timestamp_ns, quotes.bid, quotes.offer, strict=True))
    quote_rows = [tuple(map(int, row)) for row in quote_rows]
    rows = []
    for number, order_id in enumerate(sweeps.order_id):
        sweep = _SlowSweep(sweeps, number, quote_rows, fees)
        own = [fill for fill in fill_rows if fill.order_id == order_id]
        rows.append({"order_id": int(order_id)} | sweep.metrics(own))
    return rows


class _SlowSweep:
    def __init__(self, sweeps, number, quotes, fees):
        self.fees = [Fraction(bps) / 10_000 for bps in fees]
        names = "side arrival_ns end_ns limit_x2 quantity arrival_bid arrival_offer"
        for name in names.split():
            setattr(self, name, int(getattr(sweeps, name)[number]))
        self.quotes = [quote for quote in quotes if quote[0] >= self.arrival_ns]
        self.sign = 1 if self.side == BUY else -1
        self.arrival_mid = self.mid(self.arrival_ns)

    def quote(self, time_ns):
        seen = [(0, self.arrival_bid, self.arrival_offer)]
        if time_ns > self.arrival_ns:
            seen += [quote for quote in self.quotes if quote[0] <= time_ns]
        _, bid, offer = seen[-1]
        return (bid, offer) if 0 < bid < offer else None

    def mid(self, time_ns):
        quote = self.quote(time_ns)
        return Fraction(sum(quote), 2) if quote else None

    def metrics(self, fills):
        fills = [fill for fill in fills if fill.time_ns <= self.end_ns]
        filled = sum(fill.quantity for fill in fills)
        value = sum((fill.quantity * fill.price for fill in fills), Fraction(0))
        at_entry = [fill for fill in fills if fill.time_ns == self.arrival_ns]
        unfilled = max(self.quantity - filled, 0)
        mid, sign = self.arrival_mid, self.sign
        row = {
            "filled_quantity": filled,
            "unfilled_quantity": unfilled,
            "dark_quantity": sum(fill.quantity for fill in fills if fill.is_dark),
            "arrival_filled_quantity": sum(fill.quantity for fill in at_entry),
            "fill_count": len(fills),
            "fill_ratio": Fraction(filled, self.quantity) if self.quantity else None,
            "vwap": value / filled if filled else None,
        }
        touch = self.arrival_offer if self.side == BUY else self.arrival_bid
        limit = Fraction(self.limit_x2, 2) or None
        references = {"limit": limit, "midpoint": mid, "far_touch": touch or None}
        for name, reference in references.items():
            gain = None if reference is None else sign * (reference * filled - value)
            row |= self.per_share(f"{name}_improvement", gain, filled)
            row[f"{name}_improvement_aud"] = None if gain is None else gain / 1000
        dark, lit = self.fees
        paid = sum(fill.quantity * fill.price * (dark if fill.is_dark else lit) for fill in fills)
        row |= self.shortfall(filled, value, unfilled, paid)
        row |= self.against_fills(fills, filled)
        row |= self.times(fills, filled)
        end_mid = self.mid(self.end_ns)
        known = mid is not None and end_mid is not None
        row["market_drift_price"] = drift = sign * (end_mid - mid) if known else None
        row["market_drift_bps"] = self.bps(drift)
        row["working_spread_price"] = spread = self.working_spread()
        row["working_spread_bps"] = self.bps(spread)
        return row

    def times(self, fills, filled):
        waits = [Fraction(fill.time_ns - self.arrival_ns, SECOND) for fill in fills]
        weighted = sum(wait * fill.quantity for wait, fill in zip(waits, fills, strict=True))
        return {
            "time_to_first_fill_seconds": min(waits, default=None),
            "time_to_last_fill_seconds": max(waits, default=None),
            "mean_time_to_fill_seconds": weighted / filled if filled else None,
        }

    def bps(self, amount):
        mid = self.arrival_mid
        return None if amount is None or mid is None else 10_000 * amount / mid

    def per_share(self, name, amount, filled):
        price = None if amount is None or not filled else amount / filled
        return {f"{name}_price": price, f"{name}_bps": self.bps(price)}

    def shortfall(self, filled, value, unfilled, paid):
        mid = self.arrival_mid
        later = self.mid(self.end_ns)
        arrival = None if mid is None else self.sign * (value - mid * filled) + paid
        if mid is None or (unfilled and later is None):
            missed = None
        else:
            missed = self.sign * (later - mid) * unfilled if unfilled else Fraction(0)
        both = None if arrival is None or missed is None else arrival + missed
        completed = both
        if both is not None and unfilled:
            half_spread = Fraction(self.arrival_offer - self.arrival_bid, 2)
            price = later + self.sign * half_spread
            completed += unfilled * (half_spread + self.fees[1] * price)
        amounts = {
            "arrival_cost": arrival,
            "opportunity_cost": missed,
            "implementation_shortfall": both,
            "completed_shortfall": completed,
        }
        row = {}
        for name, amount in amounts.items():
            row[f"{name}_aud"] = None if amount is None else amount / 1000
            has_base = amount is not None and self.quantity > 0
            row[f"{name}_bps"] = 10_000 * amount / (mid * self.quantity) if has_base else None
        return row

    def against_fills(self, fills, filled):
        slippage = None
        mids = self.mids_after(fills, 0)
        if mids and self.arrival_mid is not None:
            moves = [self.sign * (mid - self.arrival_mid) for mid in mids]
            slippage = sum(move * fill.quantity for move, fill in zip(moves, fills, strict=True))
        row = self.per_share("slippage", slippage, filled)
        row |= self.per_share("effective_spread", self.spread(fills, 0), filled)
        for seconds in (1, 10, 60):
            spread = self.spread(fills, seconds * SECOND)
            row |= self.per_share(f"realised_spread_{seconds}s", spread, filled)
        return row

    def mids_after(self, fills, after_ns):
        """A midpoint for each fill, or none at all."""
        mids = [self.mid(fill.time_ns + after_ns) for fill in fills]
        return None if None in mids else mids

    def spread(self, fills, after_ns):
        mids = self.mids_after(fills, after_ns)
        if not mids:
            return None
        pairs = zip(mids, fills, strict=True)
        return sum(2 * self.sign * (fill.price - mid) * fill.quantity for mid, fill in pairs)

    def working_spread(self):
        if self.end_ns == self.arrival_ns:
            quote = self.quote(self.arrival_ns)
            return Fraction(quote[1] - quote[0]) if quote else None
        breaks = {self.arrival_ns, self.end_ns, *(quote[0] for quote in self.quotes)}
        breaks = sorted(time for time in breaks if time <= self.end_ns)
        area = known = 0
        for start, stop in pairwise(breaks):
            # All times are whole halves of a second, so a ns later is within the step.
            quote = self.quote(start + 1)
            if quote:
                area += (quote[1] - quote[0]) * (stop - start)
                known += stop - start
        return Fraction(area, known) if known else None


def as_float(value):
    return nan if value is None else float(value)
