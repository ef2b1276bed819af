"""Both forms of the book behind the cases, with all rules or with one of them switched."""

from __future__ import annotations

from dataclasses import replace

from sweep_dask.matching.book import open_book
from sweep_dask.matching.centre_point import apply_event, fills_of
from sweep_dask.matching.events import EventKind
from sweep_dask.matching.reference.centre_point import ReferenceBook
from sweep_dask.matching.reference.orders import Fill
from sweep_dask.matching.rules import Rules
from sweep_dask.worked_cases.books import ReferenceEngine, block_min_value


class SlowEngine(ReferenceEngine):
    """The slow, plain book."""

    rules = Rules()

    def __init__(self, case):
        value = block_min_value(case)
        self._book = ReferenceBook(self.rules, case.ticks.rows, case.preferencing, value)


class KernelEngine:
    """The compiled book, one event at a time."""

    rules = Rules()

    def __init__(self, case):
        value = block_min_value(case)
        self._book = open_book(self.rules, *case.ticks.arrays, case.preferencing, value)
        self._applied = 0
        self._made = 0

    def apply(self, event):
        self._book = apply_event(self._book, event, self._applied)
        self._applied += 1
        fills = fills_of(self._book)[self._made :]
        self._made += fills.size
        return [Fill(*(int(fill[name]) for name in Fill._fields)) for fill in fills]

    def minimum(self, number):
        return int(self._book.orders[number]["maq"])


ENGINES = (SlowEngine, KernelEngine)


def switched(engine, name):
    """The engine with a rule the other way round.

    Some rules are applied where the events of the book are made; here the events are changed.
    """
    rules_then = replace(Rules(), **{name: not getattr(Rules(), name)})

    class Switched(engine):
        rules = rules_then

        def apply(self, event):
            _change(event, self.rules)
            is_posted = event["kind"] == EventKind.POST
            return [] if is_posted and not self.rules.dual_post else super().apply(event)

    return Switched


def _change(event, rules):
    if not rules.half_tick and event["price"]:
        event["limit_x2"] = 2 * event["price"]
    if event["kind"] == EventKind.AMEND:
        is_decrease = event["quantity"] < 0
        event["keeps_place"] |= not rules.priority_loss
        event["trades"] &= rules.amendment_trigger and (rules.decrease_trigger or not is_decrease)
