"""One question to several sources: how many CPUs, how much memory? The smallest answer wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class DetectionError(Exception):
    """A source that is there and cannot be read or understood."""


Reading = tuple[float | None, str | None]
"""What a source answers, None for "no limit" or "not here"; and the control group it is from."""


@dataclass(frozen=True)
class Candidate:
    """One source that was asked for the number of CPUs or for the available memory."""

    name: str
    value: float | None
    """CPUs or bytes; None: the source sets no limit, does not exist here, or failed."""
    winner: bool = False
    """Whether this is the smallest value of all candidates (the first of equals)."""
    where: str | None = None
    """The control group that sets the limit."""


def ask(sources: Mapping[str, Callable[[], Reading]]) -> tuple[tuple[Candidate, ...], list[str]]:
    """The answer of every source, in their order, and what went wrong with those that failed."""
    readings: dict[str, Reading] = {}
    failures: list[str] = []
    for name, read in sources.items():
        try:
            readings[name] = read()
        except DetectionError as error:
            failures.append(f"{name}: {error}")
            readings[name] = (None, None)
    known = {name: value for name, (value, _) in readings.items() if value is not None}
    winner = min(known, key=lambda name: known[name], default=None)
    candidates = (
        Candidate(name, value, name == winner, where) for name, (value, where) in readings.items()
    )
    return tuple(candidates), failures


def smallest(candidates: Iterable[Candidate], default: int) -> float:
    """The value of the winner; `default` if there is none."""
    return min((found.value for found in candidates if found.value is not None), default=default)


def listed(candidates: Iterable[Candidate], show: Callable[[float], str]) -> str:
    """All candidates in one line, their values as `show` writes them."""
    return ", ".join(
        f"{candidate.name} {'none' if candidate.value is None else show(candidate.value)}"
        for candidate in candidates
    )
