"""What stopped the rest of an order, in words, with the numbers of the rules behind it.

The numbers are those of `matching/RULES.md`, second column: those that `match` prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.explain.records import Rest
from sweep_dask.market import change_reasons as record
from sweep_dask.market.order_codes import HALF_TICK, WITH_HALF_TICK
from sweep_dask.terms.arms import AS_ENTERED, SCENARIOS, TIME_PRIORITY, DarkRest
from sweep_dask.terms.reasons import FILLED_LATER, UNFILLED_REASONS
from sweep_dask.terms.units import dollars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.explain.records import Arm, Fill, Message, Terms


class _Words(NamedTuple):
    words: str
    rules: tuple[str, ...] = ()


def _limit(side: str) -> str:
    return "above" if side == "buy" else "below"


def _obstacle(reason: str, side: str) -> _Words:
    """What stood in the way when it last looked into the dark book (`unfilled_reason`)."""
    if reason not in UNFILLED_REASONS:
        return _Words(reason)
    known = UNFILLED_REASONS[reason]
    return _Words(known.clause.format(beyond=_limit(side)), known.sections)


def _afterwards(scenario: str, terms: Terms, *, is_affected: bool) -> _Words:
    """Where what was left waited after the arrival."""
    if terms.is_immediate:
        return _Words("it was immediate, so that what was left went at once", ("4.5",))
    acts = SCENARIOS[scenario if is_affected else AS_ENTERED]
    where = acts.dark_rest
    if where is not DarkRest.AS_RECORDED and acts.rests_lit:
        words = f"it rested in the lit book and, as the scenario has it, in the dark, {where.value}"
        return _Words(words, ("S5", "S6"))
    if where is not DarkRest.AS_RECORDED:
        return _Words(f"as the scenario has it, it rested in the dark alone, {where.value}")
    if terms.mid_tick == HALF_TICK:
        return _Words("it rested in both books", ("S5", "S6"))
    return _Words("it rested in the lit book, where nobody in the dark finds it", ("S5", "10.6"))


def scenario_rest(
    quantity: int, reason: str, scenario: str, terms: Terms, *, is_affected: bool
) -> Rest:
    """What a scenario left of a sweep, by its `unfilled_reason`."""
    stopped = _obstacle(reason, terms.side)
    parts = [stopped]
    if reason in ("limit", "contra_limit", "minimum_quantity", "no_contra"):
        stopped = stopped._replace(words=f"when it last looked, {stopped.words}")
        parts = [stopped, _afterwards(scenario, terms, is_affected=is_affected)]
    rules = [rule for part in parts for rule in part.rules]
    return Rest(quantity, reason, tuple(rules), "; ".join(part.words for part in parts))


#: By what ended the order.
_END_RULES: Mapping[int, tuple[str, ...]] = {
    **dict.fromkeys((record.CANCELLED, record.CANCELLED_ON_BEHALF), ("11.3",)),
    record.CANCELLED_BY_SYSTEM: ("4.5", "11.3"),
    record.INACTIVATED_BY_CONNECTION_LOSS: ("11.3",),
    record.CANCELLED_BY_CONNECTION_LOSS: ("11.3",),
    record.DAY_ORDER_PURGED: ("11.4",),
}


def tape_rest(quantity: int, fills: Sequence[Fill], messages: Sequence[Message]) -> Rest:
    """What really became of the rest, beside all fills of the tape: the end of the record."""
    later = sum(fill.quantity for fill in fills if not fill.is_counted)
    if later >= quantity:
        return _later(quantity)
    last = messages[-1]
    rules: tuple[str, ...]
    if last.is_on_book:
        reason, rules = "still on the book at the end of its record", ("S5",)
    else:
        reason, rules = last.what, _END_RULES.get(last.change_reason, ())
    words = f"{reason}, {last.leaves_quantity:,} left then"
    if later:
        words = f"{later:,} filled after it is measured; {words}"
    return Rest(quantity, reason, rules, words)


def time_priority_rest(quantity: int, fills: Sequence[Fill], asked: tuple[int, int] | None) -> Rest:
    """What the time-priority model left.

    `asked`: shares that the model was asked about, the last leaves of the record, and matched of
    them; None of a sweep that is not in the model.
    """
    if sum(fill.quantity for fill in fills if not fill.is_counted) >= quantity:
        return _later(quantity)
    if asked is None:
        reason = "its order type is not among those that the model looks at"
    elif asked[1] < asked[0]:
        reason = "nobody else arrived on the other side before its record ended"
    else:
        reason = f"the model is asked about the {asked[0]:,} that were left in the end alone"
    return Rest(quantity, reason, (), reason)


def beyond_limit(arm: Arm, terms: Terms, messages: Sequence[Message]) -> str | None:
    """Why dark fills of an arm may be beyond the limit of the order's record; None if none is.

    Midpoints are whole half ticks: one beyond the limit that is accepted is where the half tick
    ends.
    """
    beyond = [fill for fill in arm.fills if _is_beyond(fill, terms, messages)]
    prices = ", ".join(dict.fromkeys(f"${dollars(fill.price_x2)}" for fill in beyond))
    acts = SCENARIOS[arm.scenario or AS_ENTERED]
    if not beyond or arm.name == TIME_PRIORITY:
        return None
    if (terms.mid_tick or 0) in WITH_HALF_TICK:
        return f"its mid-tick accepts half a tick beyond its limit in the dark, {prices} (R2)"
    if acts.dark_rest is DarkRest.HALF_TICK_BETTER:
        return f"rests in the dark half a tick beyond its limit, at {prices} (R23)"
    return None


def _is_beyond(fill: Fill, terms: Terms, messages: Sequence[Message]) -> bool:
    before = [one.limit_x2 for one in messages if one.time_ns <= fill.time_ns]
    if fill.venue != "dark" or not before or before[-1] is None:
        return False
    return fill.price_x2 > before[-1] if terms.side == "buy" else fill.price_x2 < before[-1]


def _later(quantity: int) -> Rest:
    words = _obstacle(FILLED_LATER, "buy").words
    return Rest(quantity, FILLED_LATER, (), words)
