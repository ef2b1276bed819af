"""The lines of every comparison: what really happened, and each simulation of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.analysis.centre_point.scenarios import AS_ENTERED, SCENARIOS
from sweep_dask.analysis.time_priority import MODEL as TIME_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CENTRE_POINT = "centre-point"
#: The model of the line that says what really happened.
TAPE = "tape"


class Line(NamedTuple):
    """One outcome of the same sweeps, as the columns `model` and `scenario` have it."""

    model: str
    scenario: str | None = None

    @property
    def name(self) -> str:
        """The scenario or, without one, the model."""
        return self.scenario or self.model


REAL = Line(TAPE)
#: The recorded flow put through the book with nothing changed. Against it a scenario shows what the
#: change does, without the error that the book makes anyway.
REPLAYED = Line(CENTRE_POINT, AS_ENTERED)

#: Every line, in the order in which they are written and shown.
LINES = (REAL, Line(TIME_PRIORITY), *(Line(CENTRE_POINT, name) for name in SCENARIOS))


def lines_of(models: Iterable[str], scenarios: Iterable[str]) -> list[Line]:
    """The lines of a run with these models and scenarios, in the order of `LINES`."""
    chosen = {TAPE, *models, *(scenarios if CENTRE_POINT in models else ())} - {CENTRE_POINT}
    return [line for line in LINES if line.name in chosen]


def comparisons_of(lines: Sequence[Line]) -> list[tuple[Line, Line]]:
    """Pairs of a reference and a simulation: all against the tape, scenarios against the replay."""
    simulated = [line for line in lines if line != REAL]
    pairs = [(REAL, line) for line in simulated]
    if REPLAYED in lines:
        changed = [line for line in simulated if line.scenario and line != REPLAYED]
        pairs += [(REPLAYED, line) for line in changed]
    return pairs
