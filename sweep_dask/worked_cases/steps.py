"""A case from its first step to its last: each is a transaction at the exchange."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep_dask.market.change_reasons import CANCELLED
from sweep_dask.worked_cases.arrivals import arrive, work_plain, work_sweep
from sweep_dask.worked_cases.entry_rules import refusal_of_amendment
from sweep_dask.worked_cases.format import Amend, Cancel, New, Quote, State
from sweep_dask.worked_cases.rules_behind import Trigger
from sweep_dask.worked_cases.wording import describe_change, order_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.worked_cases.exchange import Exchange
    from sweep_dask.worked_cases.format import Step, Terms
    from sweep_dask.worked_cases.live_order import LiveOrder


def take_steps(exchange: Exchange) -> None:
    """All steps of the exchange's case, and the quote moves that follow from each."""
    for step in exchange.case.steps:
        exchange.t = step.t
        _take(exchange, step)
        exchange.follow_lit_book()


def _take(exchange: Exchange, step: Step) -> None:
    if isinstance(step, Quote):
        exchange.move_quote(step)
    elif isinstance(step, State):
        exchange.change_state(step)
    elif isinstance(step, New):
        arrive(exchange, step.order)
    else:
        _change(exchange, step)


def _change(exchange: Exchange, step: Amend | Cancel) -> None:
    """The owner amends or cancels an order, if there is still something of it."""
    what = describe_change(step)
    order = exchange.orders.get(str(step.id))
    if order is None:
        exchange.say(f"{what}: it was refused when it arrived")
    elif order.is_gone or not order.leaves:
        exchange.say(f"{what}: nothing of it is left")
    elif isinstance(step, Amend):
        exchange.say(what)
        amend(exchange, order, step.changes)
    else:
        exchange.say(what)
        exchange.cancel(order, CANCELLED, "11.3: cancelled by its owner")


def amend(exchange: Exchange, order: LiveOrder, changes: Mapping[str, int | bool]) -> None:
    """New terms for an order; a quantity counts what was filled before."""
    before = order.terms
    if before is None:
        exchange.refuse(order.id, "orders given by `lit` can be cancelled, not amended")
        return
    after = _amended(order, before, changes)
    refusal = refusal_of_amendment(before, after, changes)
    if refusal:
        exchange.refuse(order.id, refusal)
        return
    change = after.quantity - before.quantity
    order.terms, order.maq = after, after.maq
    order.ever_had_maq |= after.maq > 0
    if order.leaves + change <= 0:
        exchange.say("no more than what was filled: it is done", is_detail=True)
        order.leaves = 0
        exchange.withdraw(order)
    elif after.is_dark:
        _amend_dark(exchange, order, change, keeps_place=_keeps_place(before, after))
    else:
        _amend_lit(exchange, order, change, before, after)
    exchange.say(f"now {order_text(after, order.leaves)}", is_detail=True)


def _amended(order: LiveOrder, before: Terms, changes: Mapping[str, int | bool]) -> Terms:
    """The terms after; a minimum that was reset, or exceeds what will be left, is gone. 7.4."""
    values: dict[str, Any] = dict(changes)
    left = order.leaves + values.get("quantity", before.quantity) - before.quantity
    values.setdefault("maq", order.maq if order.maq <= left else 0)
    return replace(before, **values)


def _keeps_place(before: Terms, after: Terms) -> bool:
    """Another price, another mid-tick or a larger quantity costs the place."""
    is_larger = after.quantity > before.quantity
    return (before.price, before.midtick) == (after.price, after.midtick) and not is_larger


def _amend_dark(exchange: Exchange, order: LiveOrder, change: int, *, keeps_place: bool) -> None:
    """A Centre Point order looks again, whatever was changed."""
    if not keeps_place:
        exchange.say("3.11: it loses its place", is_detail=True)
    fills = exchange.dark.amend(order, change, keeps_place=keeps_place, trades=True)
    exchange.record(fills, Trigger.AMENDMENT)


def _amend_lit(
    exchange: Exchange, order: LiveOrder, change: int, before: Terms, after: Terms
) -> None:
    """A sweep with another price or a larger quantity arrives again; others stay. 10.11."""
    if before.price != after.price or change > 0:
        exchange.say("10.11: it arrives again", is_detail=True)
        exchange.withdraw(order)
        order.leaves += change
        (work_sweep if after.is_sweep else work_plain)(exchange, order)
        return
    if not order.is_in_dark:
        order.leaves += change
    elif after.is_dual_posted:
        exchange.dark.amend(order, change, keeps_place=True, trades=False)
    else:
        exchange.dark.leave(order)
        order.leaves += change
    exchange.lit.follow_dark_fills()
