"""What is told of an order on one date.

Times are ns since the epoch in UTC, prices doubled whole numbers (`_x2`) in the unit of the input,
quantities shares; None is what is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
