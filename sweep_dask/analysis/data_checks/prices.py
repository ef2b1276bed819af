"""Are prices in the unit they are taken for: the tick grid, and one table against another."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.counting import PRICES, STEPS_PER_OCTAVE
from sweep_dask.analysis.data_checks.findings import CONTRADICTION, NOTE, WARNING, Finding, share

if TYPE_CHECKING:
    from sweep_dask.analysis.data_checks.tally import Tally

#: Fewer prices than this say nothing (all of these are arbitrary, and on the cautious side).
_MIN_PRICES = 100
_MIN_PRICES_OF_SECURITY = 20
_MIN_COARSE = 1_000
_MIN_SPREADS = 200

_ON_GRID = 0.99
_OFF_GRID = 0.9
_WIDE_TICKS = 64

#: A ratio of medians within this of a power of ten (in log10) is meant to be that power.
_NEAR = 0.2

#: Units by the power of ten that takes them to the extract's.
_UNITS = {1: "cent", 3: "dollar"}

#: The column that stands for its table, and the others that have to agree with it.
_LEADING = {"orders": "price", "trades": "tradeprice", "nbbo": "bidprice"}


def check_prices(tally: Tally) -> list[Finding]:
    """Findings on units of prices, on prices within a table, and on spreads."""
    shifts, wrong = _shifts(tally)
    found: list[Finding | None] = [*_unit_findings(tally, shifts)]
    flagged = {table for table, places in shifts.items() if places}
    found += [_off_grid(tally, table) for table in ("orders", "nbbo") if table not in flagged]
    found += [_coarse(tally, table) for table in ("orders", "nbbo")]
    found += _within_orders(tally) + wrong
    found += [_spread(tally, table) for table in ("orders", "nbbo")]
    return [finding for finding in found if finding is not None]


def _medians(tally: Tally, name: str) -> dict[int, float]:
    """Security to the middle of its prices, as log10."""
    steps: dict[int, Counter[int]] = defaultdict(Counter)
    for key, count in tally.counts.items():
        if key.startswith(f"{name} "):
            security, step = key.removeprefix(f"{name} ").split()
            steps[int(security)][int(step)] += count
    return {
        security: _middle(of_security) / STEPS_PER_OCTAVE * math.log10(2)
        for security, of_security in steps.items()
        if of_security.total() >= _MIN_PRICES_OF_SECURITY
    }


def _middle(counts: Counter[int]) -> int:
    left = counts.total() // 2
    for step in sorted(counts):
        left -= counts[step]
        if left < 0:
            return step
    raise AssertionError("nothing was counted")


def _differences(tally: Tally, name: str, reference: str) -> dict[int, float]:
    """Security to log10 of the ratio of its median prices."""
    ours, theirs = _medians(tally, name), _medians(tally, reference)
    return {security: ours[security] - theirs[security] for security in ours.keys() & theirs.keys()}


def _power(differences: dict[int, float]) -> int:
    """The power of ten between two columns in nearly all securities; else 0."""
    powers = Counter(
        round(value) if abs(value - round(value)) <= _NEAR else 0 for value in differences.values()
    )
    if not powers:
        return 0
    power, securities = powers.most_common(1)[0]
    return power if securities >= 0.8 * powers.total() else 0


def _shifts(tally: Tally) -> tuple[dict[str, int], list[Finding]]:
    """By how many decimal places each table's prices have to move, and what fits no unit."""
    shifts, strange = {"orders": 0}, []
    reference = f"orders {_LEADING['orders']}"
    for table in ("trades", "nbbo"):
        differences = _differences(tally, f"{table} {_LEADING[table]}", reference)
        shifts[table] = -_power(differences)
        strange += _some_securities(table, differences, -shifts[table])
    base = _base(tally, shifts)
    shifts = {table: places - base for table, places in shifts.items()}
    present = {table for table in shifts if tally.of(table, "rows")}
    return {table: places for table, places in shifts.items() if table in present}, strange


def _base(tally: Tally, shifts: dict[str, int]) -> int:
    """The shift of prices that are right: of a table the grid speaks for, else of the largest."""
    for table in ("orders", "nbbo"):
        if _is_right(tally, table):
            return shifts[table]
    for table in ("orders", "nbbo"):
        if _is_in_cents(tally, table):
            return shifts[table] - 1
    return min(shifts.values())


def _is_right(tally: Tally, table: str) -> bool:
    n = tally.of(table, "grid all")
    return (
        n >= _MIN_PRICES
        and tally.of(table, "grid on") >= _ON_GRID * n
        and tally.of(table, "grid on-in-tenths") < 0.5 * n
    )


def _is_in_cents(tally: Tally, table: str) -> bool:
    n = tally.of(table, "grid all")
    return (
        n >= _MIN_PRICES
        and tally.of(table, "grid on") < _OFF_GRID * n
        and tally.of(table, "grid on-in-cents") >= _ON_GRID * n
    )


def _unit_findings(tally: Tally, shifts: dict[str, int]) -> list[Finding]:
    moved = {table: places for table, places in shifts.items() if places}
    if not moved:
        return []
    found = []
    for table, places in moved.items():
        unit = _UNITS.get(places)
        n, on = tally.of(table, "grid all"), tally.of(table, "grid on")
        words = [f"{share(on, n)} of them are on the tick grid"] if n else []
        others = sorted(t for t, p in shifts.items() if p == 0)
        if others:
            words.append(
                f"half of them are about {10 ** abs(places):,} times "
                f"{'smaller' if places > 0 else 'larger'} than those of {' and '.join(others)}"
            )
        else:
            words.append("taken as cents all tables are on it")
        found.append(
            Finding(
                "price_unit",
                CONTRADICTION,
                f"Prices of {table} seem to be in {unit}s: {', '.join(words)}."
                if unit
                else f"Prices of {table} are in another unit: {', '.join(words)}.",
                "Prices in 0.1 cent (3330 is A$3.33) in every table.",
                f"Set `units: {{{_config(moved)}}}` in the configuration."
                if all(p in _UNITS for p in moved.values())
                else "Export all prices in 0.1 cent, in cents or in dollars.",
                table,
                {"factor": 10 ** abs(places), "prices": n, "on_tick": on},
            )
        )
    return found


def _config(moved: dict[str, int]) -> str:
    return ", ".join(f"{table}: {{price: {_UNITS[places]}}}" for table, places in moved.items())


def _some_securities(table: str, differences: dict[int, float], power: int) -> list[Finding]:
    """Securities whose prices differ from those of the orders by more than the table's unit."""
    strange = sorted(s for s, value in differences.items() if abs(value - power) > 2 * _NEAR)
    if not strange:
        return []
    listed = ", ".join(f"{s} ({10 ** (differences[s] - power):.2g} times)" for s in strange[:5]) + (
        " and others" if len(strange) > 5 else ""
    )
    return [
        Finding(
            "prices_against_orders",
            WARNING,
            f"Prices of {table} are far from those of the orders in {len(strange):,} of "
            f"{len(differences):,} securities: {listed}.",
            "Half of the prices of a security within a factor of two of its order prices.",
            "See whether these securities have the same id and day in both tables, or leave them "
            "out with --securities.",
            table,
            {"securities": len(strange), "of": len(differences)},
        )
    ]


def _within_orders(tally: Tally) -> list[Finding]:
    found = []
    for column in PRICES["orders"]:
        power = _power(_differences(tally, f"orders {column}", "orders price"))
        if power:
            found.append(
                Finding(
                    "price_unit",
                    CONTRADICTION,
                    f"{column} of orders is about {10 ** abs(power):,} times "
                    f"{'larger' if power > 0 else 'smaller'} than the price.",
                    "All prices of a table in one unit.",
                    "Export the table with all prices in one unit.",
                    "orders",
                    {"factor": 10 ** abs(power)},
                )
            )
    return found


def _off_grid(tally: Tally, table: str) -> Finding | None:
    n, on = tally.of(table, "grid all"), tally.of(table, "grid on")
    if n < _MIN_PRICES or on >= _OFF_GRID * n:
        return None
    return Finding(
        "tick_grid",
        WARNING,
        f"{share(on, n)} of {n:,} prices of {table} are on the tick grid.",
        "At least 99 % of them.",
        "See whether the prices are in 0.1 cent (`units`), and whether `centre_point.ticks` "
        "is the tick table of these securities.",
        table,
        {"prices": n, "on_tick": on},
    )


def _coarse(tally: Tally, table: str) -> Finding | None:
    n, tenths = tally.of(table, "grid all"), tally.of(table, "grid on-in-tenths")
    if n < _MIN_COARSE or tenths < 0.999 * n:
        return None
    return Finding(
        "price_unit",
        WARNING,
        f"{share(tenths, n)} of {n:,} prices of {table} are on the tick grid also when they are "
        "divided by ten.",
        "About a fifth of them, if prices are in 0.1 cent.",
        "See whether the prices are in 0.1 cent; they look ten times too large.",
        table,
        {"prices": n, "on_tick_in_tenths": tenths},
    )


def _spread(tally: Tally, table: str) -> Finding | None:
    n, crossed = tally.of(table, "spread all"), tally.of(table, "spread crossed")
    if n < _MIN_SPREADS:
        return None
    if crossed > 0.5 * n:
        return Finding(
            "spread",
            CONTRADICTION,
            f"In {share(crossed, n)} of {n:,} quotes of {table} the bid is above the offer.",
            "A bid below the offer, but for auctions.",
            f"See whether the two are exchanged; `columns.{table}` names them.",
            table,
            {"quotes": n, "crossed": crossed},
        )
    octaves = tally.by_number(table, "spread-octave")
    if octaves.total() < _MIN_SPREADS or 2 ** (_middle(octaves) - 1) < _WIDE_TICKS:
        return None
    return Finding(
        "spread",
        NOTE,
        f"Half of the spreads of {table} are {2 ** (_middle(octaves) - 1):,} ticks or more.",
        "A few ticks.",
        "See whether prices are in 0.1 cent and bid and offer are what `columns` says.",
        table,
        {"quotes": n},
    )
