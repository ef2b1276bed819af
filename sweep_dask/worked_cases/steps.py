"""A case from its first step to its last: each is a transaction at the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.change_reasons import CANCELLED
from sweep_dask.worked_cases.amendments import amend
from sweep_dask.worked_cases.arrivals import arrive
from sweep_dask.worked_cases.format import Amend, Cancel, New, Quote, State
from sweep_dask.worked_cases.wording import describe_change

if TYPE_CHECKING:
    from sweep_dask.worked_cases.exchange import Exchange
    from sweep_dask.worked_cases.format import Step


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
