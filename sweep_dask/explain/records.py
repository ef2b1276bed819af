"""What is told of an order on one date, and how the rows of its record tell it.

Times are ns since the epoch in UTC, prices doubled whole numbers (`_x2`) in the unit of the input,
quantities shares; None is what is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.explain.files import doubled
from sweep_dask.market.change_reasons import AMENDED, ENTERS, WORDS
from sweep_dask.market.order_codes import (
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    CENTRE_POINT_CROSSING,
    SHORT_SELL,
    SWEEP,
    is_immediate,
)
from sweep_dask.terms.sides import SIDE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Message:
    """One row of the order's record."""

    sequence: int
    time_ns: int
    change_reason: int
    what: str
    """The reason in words."""
    is_on_book: bool
    limit_x2: int | None
    quantity: int
    leaves_quantity: int
    matched_quantity: int
    """All that has filled so far."""
    bid_x2: int | None
    """National best bid on the row, as the offer."""
    offer_x2: int | None
    minimum_quantity: int | None


@dataclass(frozen=True)
class Fill:
    """One fill of the order."""

    time_ns: int
    quantity: int
    price_x2: int
    """Of the tape: exact as far as that is known, which is what the costs are made of."""
    venue: str
    """`dark` or `lit`."""
    deal_source: int | None
    role: str | None
    """`incoming`, `resting`, or `neither` if the other one rested too."""
    contra_order_id: int | None
    contra_participant: int | None
    contra_kind: str | None
    """What the contra is, if it is an order of the output."""
    is_counted: bool
    """Whether it came before the order was measured."""


@dataclass(frozen=True)
class Rest:
    """What did not fill, and what stopped it."""

    quantity: int
    reason: str
    """As `unfilled_reason`; on the tape and under time priority in words."""
    rules: tuple[str, ...]
    """Numbers of the rules of `matching/RULES.md`, as `match` prints them."""
    words: str


@dataclass(frozen=True)
class Arm:
    """What became of the order in one arm: the tape, time priority, or a scenario."""

    name: str
    model: str
    scenario: str | None
    fills: tuple[Fill, ...]
    rest: Rest | None = None
    """None if nothing is left, or the order is no sweep."""
    metrics: dict[str, Any] | None = None
    """The row of `sweep_metrics` without its labels; None of an order that has none."""


@dataclass(frozen=True)
class Arrival:
    """The order as it arrived."""

    time_ns: int
    bid_x2: int | None
    offer_x2: int | None
    midpoint_x2: int | None
    """None without a normal quote."""
    spread_ticks: float | None = None
    spread_bps: float | None = None
    marketability: str | None = None


@dataclass(frozen=True)
class Terms:
    """What the order asked for with its first row."""

    side: str
    """`buy` or `sell`."""
    kind: str
    order_type: int
    quantity: int
    limit_x2: int | None
    participant: int | None
    participant_name: str | None
    mid_tick: int | None
    minimum_quantity: int | None
    is_single_fill: bool
    is_immediate: bool
    validity: str | None


@dataclass(frozen=True)
class Choice:
    """Under what the sweeps are measured; None in results without choices, or if no run tells."""

    lifetime: str | None = None
    adoption_groups: int | None = None
    """One of so many groups of sweeps changes at a time, each in a replay of its own."""
    adoption_participant: int | None = None
    """Whose sweeps alone change, if they are one participant's."""


@dataclass(frozen=True)
class OrderDay:
    """An order on one trading date."""

    order_id: int
    date: str
    security: int
    ticker: str | None
    """As the reference table of the date has it."""
    is_sweep: bool
    is_measured: bool
    """Whether `sweep_metrics` has it: it is a sweep in the book."""
    is_affected: bool | None
    """Whether scenarios may treat it differently; None where none was run."""
    left_out: str | None
    """Why it takes no part in the book, if it does not."""
    terms: Terms
    arrival: Arrival
    end_ns: int | None
    """When it is measured."""
    parent_id: int | None
    """The first sweep of the chain in which it enters again what another one had left."""
    messages: tuple[Message, ...]
    arms: tuple[Arm, ...]
    choice: Choice
    notes: tuple[str, ...]
    """What to know about where this comes from."""


def message(row: Mapping[str, Any], *, is_on_book: bool) -> Message:
    """One row of `cp_orders_filtered`, and whether the order is on the book after it."""
    reason = row["changereason"]
    return Message(
        sequence=row["sequence"],
        time_ns=row["timestamp"],
        change_reason=reason,
        what=WORDS.get(reason, f"change reason {reason}"),
        is_on_book=is_on_book,
        limit_x2=doubled(row["price"]),
        quantity=row["quantity"],
        leaves_quantity=row["leavesquantity"],
        matched_quantity=row["totalmatchedquantity"],
        bid_x2=doubled(row.get("national_bid")),
        offer_x2=doubled(row.get("national_offer")),
        minimum_quantity=row.get("minimumquantity") or None,
    )


def terms(row: Mapping[str, Any], participant_name: str | None) -> Terms:
    """What the order asked for with its first row."""
    validity = row.get("timevalidity")
    return Terms(
        side=SIDE_NAMES.get(row["side"], str(row["side"])),
        kind=kind_of(row["exchangeordertype"]),
        order_type=row["exchangeordertype"],
        quantity=row["quantity"],
        limit_x2=doubled(row["price"]),
        participant=row.get("participantid"),
        participant_name=participant_name,
        mid_tick=row.get("midtick"),
        minimum_quantity=row.get("minimumquantity") or None,
        is_single_fill=row.get("singlefillminimumquantity") == 1,
        is_immediate=validity is not None and bool(is_immediate(np.array([validity]))[0]),
        validity=row.get("timevaliditydecoded"),
    )


def looks_ns(messages: Sequence[Message]) -> set[int]:
    """When the order looked for contras itself: as it arrived, and as it was amended."""
    asks = (*ENTERS, AMENDED)
    return {one.time_ns for one in messages if one.change_reason in asks}


def arrival(first: Message, measured: Mapping[str, Any] | None) -> Arrival:
    """The quote on arrival.

    `measured`: the row of `sweep_metrics`, which has the last national quote where the order's row
    has none.
    """
    if measured is None:
        bid_x2, offer_x2 = first.bid_x2, first.offer_x2
        return Arrival(first.time_ns, bid_x2, offer_x2, _midpoint_x2(bid_x2, offer_x2))
    bid_x2, offer_x2 = doubled(measured["arrival_bid"]), doubled(measured["arrival_offer"])
    return Arrival(
        measured["arrival_ns"],
        bid_x2,
        offer_x2,
        _midpoint_x2(bid_x2, offer_x2),
        known(measured["arrival_spread_ticks"]),
        known(measured["arrival_spread_bps"]),
        measured.get("marketability"),
    )


def known(value: float | None) -> float | None:
    """None for NaN, which no JSON document can hold."""
    return None if value is None or value != value else value


def _midpoint_x2(bid_x2: int | None, offer_x2: int | None) -> int | None:
    """Of a normal quote; a doubled price, as bid and offer are whole units."""
    if bid_x2 is None or offer_x2 is None or bid_x2 >= offer_x2:
        return None
    return (bid_x2 + offer_x2) // 2


_KINDS = {
    SWEEP: "sweep",
    CENTRE_POINT: "dark order",
    CENTRE_POINT_BLOCK: "dark block order",
    CENTRE_POINT_CROSSING: "crossing order",
}


def kind_of(order_type: int) -> str:
    """`sweep`, `dark order`, `dark block order, short sale`, ..."""
    kind = next((word for bit, word in _KINDS.items() if order_type & bit), "lit order")
    return f"{kind}, short sale" if order_type & SHORT_SELL else kind
