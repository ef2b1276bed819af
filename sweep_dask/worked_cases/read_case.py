"""One case from JSON to `format.Case`: every member read, every mistake named with its path."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from sweep_dask.market.ticks import TickTable
from sweep_dask.terms.sides import BUY, SELL
from sweep_dask.worked_cases import document as read
from sweep_dask.worked_cases.consistency import require_consistent
from sweep_dask.worked_cases.document import Members
from sweep_dask.worked_cases.entry_rules import OPEN, STATES
from sweep_dask.worked_cases.format import (
    EXPECTED,
    Amend,
    Cancel,
    Case,
    LitOrder,
    New,
    Quote,
    State,
)
from sweep_dask.worked_cases.read_order import CHANGES, read_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sweep_dask.worked_cases.document import Place, RawCase
    from sweep_dask.worked_cases.format import Step

R = TypeVar("R", Quote, State)

_CASE = ("id", "vector", "title", "source", "inferred", "rules", "note", "tick", "nbbo", "session",
         "resting", "events", "lit", "config", "expected")  # fmt: skip
_OPEN_THROUGHOUT: tuple[State, ...] = (State(0, OPEN),)
_NOBODY: tuple[int, ...] = ()
_NO_CONFIG: tuple[tuple[int, ...], int | float | None] = (_NOBODY, None)
_EVENTS = {"new": "new", "amend": "amend", "cancel": "cancel"}


def read_case(raw: RawCase) -> Case:
    """A case, checked; an InputError names a member that is missing, unknown or wrong."""
    members = Members(raw.value, raw.place, _CASE)
    quotes = members.required("nbbo", _dated(_quote))
    states = members.optional("session", _dated(_state), _OPEN_THROUGHOUT)
    events = members.required("events", read.list_of(_event))
    preferencing, block_min_value = members.optional("config", _config, _NO_CONFIG)
    case = Case(
        id=raw.id,
        title=members.optional("title", read.text, ""),
        source=members.optional("source", read.text, ""),
        is_inferred=members.optional("inferred", read.flag, default=False),
        note=members.optional("note", read.text, ""),
        rules=members.optional("rules", read.list_of(read.text), ()),
        ticks=members.required("tick", _ticks),
        quote=quotes[0],
        state=states[0],
        resting=members.required("resting", read.list_of(read_order)),
        lit=members.optional("lit", _lit, None),
        steps=_in_order(quotes[1:], states[1:], events, raw.place),
        preferencing=preferencing,
        block_min_value_aud=block_min_value,
        expected=members.optional("expected", _expected, None),
    )
    require_consistent(case, raw.place)
    return case


def _ticks(value: object, place: Place) -> TickTable:
    """A tick, or a table of [from_price, tick] rows."""
    if not isinstance(value, list):
        return TickTable.constant(read.whole_number(1)(value, place))
    rows = []
    for position, row in enumerate(value):
        pair = read.list_of(read.whole_number(0))(row, place.item(position))
        if len(pair) != 2:
            raise place.item(position).error(row, "a pair [from_price, tick]")
        rows.append((pair[0], pair[1]))
    try:
        return TickTable(tuple(rows))
    except ValueError as error:
        raise place.error(value, str(error)) from error


# --- quotes, states, events -----------------------------------------------------------------------


def _dated(read_row: Callable[[object, Place], R]) -> Callable[[object, Place], tuple[R, ...]]:
    """A reader of rows in order of `t`, the first of which says how things are at t = 0."""

    def read_rows(value: object, place: Place) -> tuple[R, ...]:
        rows = read.list_of(read_row)(value, place)
        if not rows or rows[0].t != 0:
            first = place.item(0).member("t")
            raise first.error(rows[0].t if rows else None, "a first row with t = 0")
        return rows

    return read_rows


def _quote(value: object, place: Place) -> Quote:
    members = Members(value, place, ("t", "bid", "offer"))
    t = members.required("t", read.whole_number(0))
    for side in ("bid", "offer"):
        members.required(side, read.any_value)
    bid = members.optional("bid", read.whole_number(1), 0)
    return Quote(t, bid, members.optional("offer", read.whole_number(1), 0))


def _state(value: object, place: Place) -> State:
    members = Members(value, place, ("t", "state", "clock"))
    return State(
        members.required("t", read.whole_number(0)),
        members.required("state", read.choice({state: state for state in STATES})),
        members.optional("clock", read.text, ""),
    )


def _event(value: object, place: Place) -> Step:
    members = Members(value, place, ("t", "event", "order", "id", "changes", "note"))
    kind = members.required("event", read.choice(_EVENTS))
    of_kind = {"new": ("order",), "amend": ("id", "changes"), "cancel": ("id",)}[kind]
    Members(value, place, ("t", "event", *of_kind, "note"))
    t = members.required("t", read.whole_number(1))
    if kind == "new":
        return New(t, members.required("order", read_order))
    order = members.required("id", read.identifier)
    if kind == "cancel":
        return Cancel(t, order)
    return Amend(t, order, members.required("changes", _changes))


def _changes(value: object, place: Place) -> dict[str, int | bool]:
    members = Members(value, place, tuple(CHANGES))
    changes = {name: members.required(name, CHANGES[name]) for name in members.value}
    if not changes:
        raise place.error({}, f"at least one of {', '.join(CHANGES)}")
    return changes


def _in_order(
    quotes: Sequence[Quote], states: Sequence[State], events: Sequence[Step], place: Place
) -> tuple[Step, ...]:
    """All steps in order of `t`; each list is in order by itself, and no `t` is used twice."""
    listed: dict[str, Sequence[Step]] = {"nbbo": quotes, "session": states, "events": events}
    steps: dict[int, tuple[Step, str]] = {}
    for name, rows in listed.items():
        first = 0 if name == "events" else 1
        paths = [f"{name}[{position + first}]" for position in range(len(rows))]
        for path, (before, row) in zip(paths[1:], pairwise(rows), strict=True):
            if row.t <= before.t:
                expected = f"more than the t of the row before, {before.t}"
                raise place.member(path).member("t").error(row.t, expected)
        for path, row in zip(paths, rows, strict=True):
            if row.t in steps or row.t == 0:
                other = steps[row.t][1] if row.t in steps else "the beginning"
                raise place.member(path).member("t").error(row.t, f"a t of its own, unlike {other}")
            steps[row.t] = (row, path)
    return tuple(steps[t][0] for t in sorted(steps))


# --- orders that are there ------------------------------------------------------------------------


def _lit(value: object, place: Place) -> tuple[LitOrder, ...]:
    members = Members(value, place, ("bids", "asks"))
    bids = members.required("bids", read.list_of(_lit_order(BUY)))
    return bids + members.required("asks", read.list_of(_lit_order(SELL)))


def _lit_order(side: int) -> Callable[[object, Place], LitOrder]:
    def read_lit(value: object, place: Place) -> LitOrder:
        members = Members(value, place, ("id", "price", "quantity"))
        order = members.required("id", read.text)
        price = members.required("price", read.whole_number(1))
        return LitOrder(order, side, price, members.required("quantity", read.whole_number(1)))

    return read_lit


def _config(value: object, place: Place) -> tuple[tuple[int, ...], int | float | None]:
    members = Members(value, place, ("preferencing", "block_min_value"))
    participants = members.optional("preferencing", read.list_of(read.whole_number(0)), _NOBODY)
    return participants, members.optional("block_min_value", read.positive_number, None)


def _expected(value: object, place: Place) -> dict[str, object]:
    members = Members(value, place, EXPECTED)
    return {name: members.required(name, read.any_value) for name in members.value}
