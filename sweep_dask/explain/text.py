"""The explanation of an order for a terminal, 80 columns wide."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.choices import lifetime_of
from sweep_dask.explain.local_time import clock
from sweep_dask.explain.reasons import beyond_limit
from sweep_dask.market.change_reasons import TRADED
from sweep_dask.terms.arms import TAPE
from sweep_dask.terms.units import PRICE_PER_AUD, dollars

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweep_dask.explain.records import Arm, Fill, Message, OrderDay


_WIDTH = 80
#: Rows and fills beyond these are counted; arbitrary, a sweep has a few.
_MOST_LINES = 30
_NS_PER_SECOND = 1_000_000_000


def told(days: Sequence[OrderDay]) -> str:
    """The order on each of its dates."""
    return "\n\n".join("\n".join(_day(day)) for day in days)


def _day(day: OrderDay) -> Iterator[str]:
    security = _with_name(day.security, day.ticker)
    head = f"Order {day.order_id}: {day.terms.kind}, {day.date}, security {security}"
    lines = _wrapped(head)
    yield from lines
    yield "=" * max(map(len, lines))
    for paragraph in _introduction(day):
        yield from _wrapped(paragraph)
    yield ""
    yield _MESSAGE.format("Rows, Sydney time", "", "limit, $", "left", "filled")
    yield from _at_most(list(map(_message, (None, *day.messages), day.messages)))
    tape = next((arm for arm in day.arms if arm.name == TAPE), None)
    for arm in day.arms:
        yield ""
        yield from _arm(arm, () if tape is None or arm is tape else tape.fills)
        if half_tick := beyond_limit(arm, day.terms, day.messages):
            yield from _wrapped(f"{half_tick}.", "  ")
    if day.is_measured:
        yield ""
        yield from _costs(day.arms)
    if any(arm.rest and arm.rest.rules for arm in day.arms):
        yield from _wrapped("Rules are those of sweep_dask/matching/RULES.md.")


# --- what the order is ----------------------------------------------------------------------------


def _introduction(day: OrderDay) -> Iterator[str]:
    yield _terms(day)
    yield _arrival(day)
    if day.is_measured:
        yield _measured(day)
        if day.parent_id not in (None, day.order_id):
            yield f"It enters again what was left of another: {day.parent_id} is the first of them."
        if day.is_affected is False:
            yield f"No scenario changes it: {_why_unaffected(day)}. It acts as recorded."
    elif day.left_out:
        yield f"It is left out of the book: {day.left_out}."
    elif day.is_sweep:
        yield "It is not among the sweeps that are measured."
    is_in_book = any(arm.scenario for arm in day.arms) and not day.left_out
    if is_in_book and not day.is_measured:
        participant = day.choice.adoption_participant
        whose = "" if participant is None else f" of participant {participant}"
        yield (
            "It acts as recorded in every scenario; its dark matches there are those of the market "
            f"in which all sweeps{whose} change and wait until they are cancelled or trading ends."
        )
    yield from day.notes


def _why_unaffected(day: OrderDay) -> str:
    participant = day.choice.adoption_participant
    if participant not in (None, day.terms.participant):
        return f"sweeps of participant {participant} alone change"
    return "it has no limit or was not entered new in continuous trading"


def _terms(day: OrderDay) -> str:
    terms = day.terms
    limit = "without a limit" if terms.limit_x2 is None else f"at ${dollars(terms.limit_x2)}"
    verb = {"buy": "Buys", "sell": "Sells"}.get(terms.side, f"Side {terms.side},")
    better = "" if terms.limit_x2 is None else " or better"
    parts = [f"{verb} {terms.quantity:,} {limit}{better}"]
    if terms.participant is not None:
        parts.append(f"participant {_with_name(terms.participant, terms.participant_name)}")
    if terms.minimum_quantity:
        single = " from one contra" if terms.is_single_fill else ""
        parts.append(f"minimum {terms.minimum_quantity:,}{single}")
    if terms.validity:
        parts.append(terms.validity)
    elif terms.is_immediate:
        parts.append("immediate")
    if terms.mid_tick:
        parts.append(f"mid-tick {terms.mid_tick}")
    return "; ".join(parts) + "."


def _arrival(day: OrderDay) -> str:
    arrival = day.arrival
    when = f"Arrived {clock(arrival.time_ns)}"
    if arrival.bid_x2 is None and arrival.offer_x2 is None:
        return f"{when}; no quote is known then."
    quote = f"bid {_side(arrival.bid_x2)}, offer {_side(arrival.offer_x2)}"
    if arrival.midpoint_x2 is None:
        return f"{when} on {quote}: no midpoint."
    text = f"{when} on {quote}, midpoint ${dollars(arrival.midpoint_x2)}"
    if arrival.spread_ticks is not None:
        ticks = "tick" if arrival.spread_ticks == 1 else "ticks"
        text += f", spread {arrival.spread_ticks:g} {ticks} ({decimals(arrival.spread_bps)} bps)"
    return f"{text}: {arrival.marketability}." if arrival.marketability else f"{text}."


def _side(price_x2: int | None) -> str:
    return "none" if price_x2 is None else f"${dollars(price_x2)}"


def _measured(day: OrderDay) -> str:
    assert day.end_ns is not None
    choice = day.choice
    waited = _duration(day.end_ns - day.arrival.time_ns)
    text = f"Measured at {clock(day.end_ns)}, {waited} after it arrived"
    if choice.lifetime:
        text += f" (lifetime {choice.lifetime}"
        longest_ns = lifetime_of(choice.lifetime).duration_ns
        is_cut = longest_ns is not None and day.end_ns - day.arrival.time_ns < longest_ns
        text += ", but trading or the recording ends then)" if is_cut else ")"
    if not day.is_affected or choice.adoption_groups is None:
        return f"{text}."
    if choice.adoption_participant is not None:
        return f"{text}; sweeps of participant {choice.adoption_participant} alone change."
    if choice.adoption_groups == 1:
        return f"{text}; all sweeps change."
    return f"{text}; one sweep in {choice.adoption_groups} changes, this one among them."


def _duration(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, _NS_PER_SECOND)
    minutes, seconds = divmod(seconds, 60)
    exact = f"{seconds}.{rest:09}".rstrip("0").rstrip(".")
    parts = [f"{minutes:,} min"] if minutes else []
    return " ".join([*parts, f"{exact} s"] if exact != "0" or not minutes else parts)


def _with_name(number: int, name: str | None) -> str:
    return f"{number} ({name})" if name else str(number)


# --- rows and fills -------------------------------------------------------------------------------

_MESSAGE = "  {:<18} {:<28}{:>10} {:>9} {:>9}"
_FILL = "{:<2}{:<18} {:>9} {:>8} {:<4} {:<9} {}"
#: The second row of an order that comes in.
_AFTER = "  after matching"
#: A role that is told in other words: the quote has moved to two orders that were there.
_ROLES = {"neither": "both rest"}


def _message(before: Message | None, one: Message) -> str:
    """A row; an order that comes in has one before it is matched and one after, of one reason."""
    is_same = before is not None and (before.time_ns, before.what) == (one.time_ns, one.what)
    is_after = is_same and one.change_reason != TRADED  # of fills there may be two at a time
    limit = NONE if one.limit_x2 is None else dollars(one.limit_x2)
    left, filled = (f"{shares:,}" for shares in (one.leaves_quantity, one.matched_quantity))
    return _MESSAGE.format(
        clock(one.time_ns), _AFTER if is_after else one.what[:28], limit, left, filled
    )


def _arm(arm: Arm, tape: Sequence[Fill]) -> Iterator[str]:
    """One arm; fills that are those of the tape are not told again."""
    if arm.metrics is None:
        yield f"{arm.name}: {_total(arm.fills)}"
    else:
        filled, quantity, dark = (
            arm.metrics[name] for name in ("filled_quantity", "quantity", "dark_quantity")
        )
        yield f"{arm.name}: {filled:,} of {quantity:,} filled, {dark:,} of them in the dark"
    if tape and _are_same(arm.fills, tape):
        yield "  the same fills as on the tape"
    elif arm.fills:
        yield from _fills(arm.fills)
    if arm.rest is not None:
        rules = f" (rules {', '.join(arm.rest.rules)})" if arm.rest.rules else ""
        rest = f"{arm.rest.quantity:,} left: {arm.rest.words}{rules}."
        yield from _wrapped(rest, "  ")


def _fills(fills: Sequence[Fill]) -> Iterator[str]:
    yield _FILL.format("", "time", "shares", "price, $", "book", "it was", "contra")
    yield from _at_most(list(map(_fill, fills)))
    if not all(fill.is_counted for fill in fills):
        yield "  * after it is measured: does not count"


def _are_same(fills: Sequence[Fill], tape: Sequence[Fill]) -> bool:
    """Whether all that counts is the same; in scenarios the contra of a lit fill is not known."""
    counted = [fill for fill in tape if fill.is_counted]
    return len(fills) == len(counted) and all(
        (one.time_ns, one.quantity, one.price_x2, one.venue)
        == (other.time_ns, other.quantity, other.price_x2, other.venue)
        and one.contra_order_id in (None, other.contra_order_id)
        for one, other in zip(fills, counted, strict=True)
    )


def _total(fills: Sequence[Fill]) -> str:
    shares = sum(fill.quantity for fill in fills)
    return f"{shares:,} filled" if fills else "no fill"


def _fill(fill: Fill) -> str:
    return _FILL.format(
        "" if fill.is_counted else " *",
        clock(fill.time_ns),
        f"{fill.quantity:,}",
        dollars(fill.price_x2),
        fill.venue,
        _ROLES.get(fill.role or NONE, fill.role or NONE),
        _contra(fill),
    )


def _contra(fill: Fill) -> str:
    """Whom it met; what is no order of the output is not known."""
    if fill.contra_order_id is None:
        return NONE
    whose = "" if fill.contra_participant is None else f" p{fill.contra_participant}"
    return f"{fill.contra_order_id}{whose}"


def _at_most(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"  and {len(lines) - _MOST_LINES:,} more, which --json has"


# --- costs ----------------------------------------------------------------------------------------

_COST = "  {:<13} {:>9} {:>7} {:>8} {:>8} {:>9} {:>8} {:>9}"


def _costs(arms: Sequence[Arm]) -> Iterator[str]:
    """A row an arm."""
    yield _COST.format("Costs", "", "", "mean", "short-", "", "rest", "").rstrip()
    yield _COST.format("", "filled", "of all", "price, $", "fall,bps", "$", "traded", "$")
    for arm in arms:
        if arm.metrics is not None:
            yield _cost(arm.name, arm.metrics)
    yield from _wrapped(
        "Shortfall: against the midpoint on arrival, what is left marked as it is measured; then "
        "the same with the rest traded half a spread away. + is costlier.",
        "  ",
    )


def _cost(name: str, metrics: dict[str, Any]) -> str:
    mean = metrics["vwap"]
    return _COST.format(
        name,
        f"{metrics['filled_quantity']:,}",
        percent(metrics["fill_ratio"]),
        NONE if mean is None else f"{mean / PRICE_PER_AUD:,.4f}",
        *(
            decimals(metrics[f"{metric}_{unit}"])
            for metric in ("implementation_shortfall", "completed_shortfall")
            for unit in ("bps", "aud")
        ),
    )


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)


#: In place of a number there is none of.
NONE = "-"


def decimals(value: float | None) -> str:
    """Two decimals, without the sign of a zero."""
    return NONE if value is None else f"{round(value, 2) + 0.0:,.2f}"


def percent(share: float | None) -> str:
    """`0.4131` becomes `41.3 %`."""
    return NONE if share is None else f"{100 * share:.1f} %"
