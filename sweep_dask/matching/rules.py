"""The rules of the Centre Point book that can be switched off, one field each; see RULES.md.

The record is what the kernel (as a bit mask), the slow reference, the ablation table and RULES.md
share. Numbers in brackets are those of RULES.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True)
class Rules:
    """Which rules hold; `Rules()` is the book as the exchange runs it."""

    half_tick: bool = True
    """Mid-tick 1, 4 and 6 better the entered limit by half a tick (R2)."""
    limit_test: bool = True
    """No fill beyond the limit (R3)."""
    time_priority: bool = True
    """Time alone ranks eligible orders; off: the better limit first, then time (R4)."""
    dark_limit: bool = True
    """Dark limit orders also meet each other at on-tick prices inside the spread (R5)."""
    any_price_block: bool = True
    """Block orders also meet at or outside the quotes, above a value (R6)."""
    minimum_quantity: bool = True
    """A minimum acceptable quantity holds each time the order trades (R7)."""
    single_fill: bool = True
    """A single-fill minimum must come from one contra; off: from several (R8)."""
    minimum_quantity_reset: bool = True
    """The minimum falls away once less than it is left (R9)."""
    minimum_quantity_completion: bool = True
    """Several orders may meet a resting order's minimum together (R10)."""
    preferencing: bool = True
    """Incoming orders of participants opted in meet their own resting orders first (R11)."""
    preference_only: bool = True
    """An order marked preference only meets its own participant's alone (R12)."""
    crossing_key: bool = True
    """Equal crossing keys of one participant make a booking, which consumes quantity (R13)."""
    priority_loss: bool = True
    """A better or worse price, a larger quantity or another mid-tick costs the place (R14)."""
    amendment_trigger: bool = True
    """An amendment makes the order try again (R15)."""
    decrease_trigger: bool = True
    """So does a mere decrease of its quantity (R16)."""
    quote_moves: bool = True
    """Resting orders meet when the quote moves (R17)."""
    normal_quote: bool = True
    """Nothing trades while the quote is locked or crossed (R18)."""
    continuous_only: bool = True
    """Nothing trades outside continuous trading (R19)."""
    own_quote: bool = True
    """An incoming order trades at the quote on its own row; off: at the quote file's (R20)."""
    immediate: bool = True
    """What is left of a fill-and-kill or fill-or-kill order is cancelled at once (R21)."""
    dual_post: bool = True
    """A sweep with the mid-tick on also rests in the dark (R23)."""
    sweep_on_tick: bool = False
    """Sweeps meet dark limit orders at on-tick prices too; no source says so (R24)."""

    @property
    def mask(self) -> int:
        """One bit a field, the first is bit 0."""
        return sum(getattr(self, name) << bit for bit, name in enumerate(names()))

    def without(self, name: str) -> Self:
        """These rules with one of them off; `half-tick` and `half_tick` are the same.

        Raises KeyError: there is no rule of that name.
        """
        field = name.replace("-", "_")
        if field not in names():
            raise KeyError(name)
        return replace(self, **{field: False})


def names() -> tuple[str, ...]:
    """The fields of `Rules`, in the order of their bits."""
    return tuple(field.name for field in fields(Rules))


def _bit(name: str) -> int:
    return 1 << names().index(name)


# The bits that the kernel asks for; the other rules are applied where its events are made.
LIMIT_TEST = _bit("limit_test")
TIME_PRIORITY = _bit("time_priority")
DARK_LIMIT = _bit("dark_limit")
MINIMUM_QUANTITY = _bit("minimum_quantity")
SINGLE_FILL = _bit("single_fill")
MINIMUM_QUANTITY_RESET = _bit("minimum_quantity_reset")
MINIMUM_QUANTITY_COMPLETION = _bit("minimum_quantity_completion")
PREFERENCING = _bit("preferencing")
PREFERENCE_ONLY = _bit("preference_only")
CROSSING_KEY = _bit("crossing_key")
QUOTE_MOVES = _bit("quote_moves")
NORMAL_QUOTE = _bit("normal_quote")
CONTINUOUS_ONLY = _bit("continuous_only")
OWN_QUOTE = _bit("own_quote")
IMMEDIATE = _bit("immediate")
SWEEP_ON_TICK = _bit("sweep_on_tick")
