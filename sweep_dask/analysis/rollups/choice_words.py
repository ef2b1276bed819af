"""What the choices are called in a sentence: in roll-ups, on the page and at the terminal."""

from __future__ import annotations

import re

from sweep_dask.analysis.centre_point.lifetimes import CLOSE, RECORDED
from sweep_dask.analysis.centre_point.switches import Switch
from sweep_dask.analysis.rollups.robustness import WEIGHTS

_WAITS = {RECORDED.name: "as recorded", CLOSE.name: "to the close"}
#: How sweeps count.
COUNTED = dict(zip(WEIGHTS, ("per sweep", "by value", "in dollars"), strict=True))
#: What is so under each switch.
SWITCHED = {
    Switch.FREED_LIT_LIQUIDITY: "what they free in the lit book goes to the next in it",
    Switch.AMONG_ADOPTERS: "sweeps that change do not meet each other",
    Switch.OWN_ORDERS: "they do not meet orders of their own participant",
    Switch.OWN_QUOTES: "the quotes that they made go with them",
}
#: Above so many groups one of them is told as one sweep in so many, not in percent; arbitrary.
_MANY_GROUPS = 10


def wait(lifetime: str) -> str:
    """How long sweeps wait: `5 min`, `to the close`, `as recorded`."""
    return _WAITS.get(lifetime) or re.sub(r".*?(\d+)", r"\1 ", lifetime)


def within(lifetime: str) -> str:
    """Until when fills count: `within 5 min`, `by the close`, `as long as their record goes on`."""
    known = {RECORDED.name: "as long as their record goes on", CLOSE.name: "by the close"}
    return known.get(lifetime) or f"within {wait(lifetime)}"


def adopters(share: float, participant: int | None = None) -> str:
    """Who changes: `one sweep in 20 changes`, `everybody changes`.

    Parameters
    ----------
    participant
        Whose sweeps alone may change, if they are one participant's.
    """
    if participant is not None:
        return f"all sweeps of participant {participant} change"
    if share == 1:
        return "everybody changes"
    if 1 / share >= _MANY_GROUPS:
        return f"one sweep in {1 / share:,.0f} changes"
    return f"{share:.0%} of them change"


def enumerated(names: list[str], conjunction: str = "or") -> str:
    """`this`, `this or that`, `this, that or another`."""
    *others, last = names
    return f"{', '.join(others)} {conjunction} {last}" if others else last
