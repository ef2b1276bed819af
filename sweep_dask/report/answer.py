"""The answer: what really filled, and what each scenario would have changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.scenarios import SCENARIOS
from sweep_dask.analysis.metrics.lines import REAL, REPLAYED
from sweep_dask.report.agreement import engaged_cells
from sweep_dask.report.effects import COMPLETED, FILL_RATIO, METRICS, SHORTFALL, Effect, effect_of
from sweep_dask.report.headline import headline
from sweep_dask.report.line_words import WORDS, changes, label, reference_of
from sweep_dask.report.measures import MEASURES, measured
from sweep_dask.report.populations import ANSWERED
from sweep_dask.report.rollups import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.report.cells import Cell
    from sweep_dask.report.rollups import Rollups

#: Below about ten clusters of unequal size an interval is too narrow (docs/metrics.md).
FEW_CLUSTERS = 10

#: The metrics of the answer: how much fills, and what it costs, what is left counted two ways.
ANSWERING = (FILL_RATIO, SHORTFALL, COMPLETED)
_SHORT = {FILL_RATIO: "fill", SHORTFALL: "cost", COMPLETED: "cost if completed"}
#: Measures that are the same for every line.
_OF_ANY_LINE = ("sweeps", "quantity")


@dataclass(frozen=True)
class Scale:
    """The axis that all intervals of one metric share; it holds zero."""

    low: float
    high: float

    def percent(self, value: float) -> float:
        """Place on the axis in percent of its width."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)


@dataclass(frozen=True)
class Change:
    """What one line changes, in the metrics of the answer."""

    line: str
    reference: str
    effects: dict[str, Effect]
    """By metric; without one that has no row."""

    @property
    def label(self) -> str:
        """The heading of the line."""
        return label(self.line)

    @property
    def verdicts(self) -> list[tuple[str, list[Effect]]]:
        """What is said of its effects, each once, and of which; named unless it is of all."""
        by_verdict: dict[str, list[Effect]] = {}
        for effect in self.effects.values():
            by_verdict.setdefault(effect.verdict, []).append(effect)
        if len(by_verdict) == 1:
            return list(by_verdict.items())
        return [
            (f"{', '.join(_SHORT[effect.metric] for effect in effects)}: {verdict}", effects)
            for verdict, effects in by_verdict.items()
        ]

    @property
    def had(self) -> str:
        """What the sweeps would have done."""
        return WORDS[self.line].had


@dataclass(frozen=True)
class Answer:
    """Everything the first section says."""

    real: dict[str, Cell]
    """Measures of the tape by name."""
    changes: Sequence[Change]
    replayed: dict[str, Effect]
    """What the replay as entered differs by from the tape: the error of the book."""
    scales: dict[str, Scale]
    engaged: dict[str, Cell] | None = None
    """Sweeps that trade in the dark, on the tape and in that replay; see `engaged_cells`."""

    has_tape: bool = True
    """Whether what really filled is known; if not, `real` has what was wanted only."""

    @property
    def effects(self) -> list[Effect]:
        """All of the effects that have an interval."""
        found = (change.effects.get(metric) for change in self.changes for metric in ANSWERING)
        return [effect for effect in found if effect and effect.low is not None]

    @property
    def n_clusters(self) -> int:
        """Security-days of the effect that has most."""
        return max((e.n_clusters for c in self.changes for e in c.effects.values()), default=0)

    @property
    def least_clusters(self) -> int:
        """Security-days of the interval that has fewest; 0 without any."""
        return min((effect.n_clusters for effect in self.effects), default=0)

    @property
    def clusters_text(self) -> str:
        """Security-days of the intervals: `12`, or `3 to 12`."""
        bounds = dict.fromkeys([self.least_clusters, self.n_clusters])
        return " to ".join(f"{bound:,}" for bound in bounds)

    @property
    def has_one_cluster(self) -> bool:
        """Whether there is but one security-day: no effect has an interval then."""
        return self.n_clusters == 1 and not self.effects

    @property
    def has_few_clusters(self) -> bool:
        """Whether some interval is by few security-days."""
        return bool(self.effects) and self.least_clusters < FEW_CLUSTERS

    @property
    def headline(self) -> list[Markup]:
        """Sentences about the scenarios; without scenarios about all lines. None without a tape."""
        ours = [change for change in self.changes if change.reference != REAL.name]
        chosen = ours or self.changes
        if not self.has_tape or not chosen:
            return []
        is_scenario = bool(ours) or all(change.line in SCENARIOS for change in chosen)
        found = [change.effects for change in chosen]
        passed_over = len(chosen) < len(self.changes)
        return headline(found, "scenario" if is_scenario else "line", is_part=passed_over)

    @property
    def references(self) -> list[str]:
        """What lines are measured against, each once."""
        return list(dict.fromkeys(change.reference for change in self.changes))


def answer_of(found: Rollups, *, has_tape: bool = True) -> Answer | None:
    """The answer of a run; None if no sweep was entered in continuous trading.

    Parameters
    ----------
    has_tape
        Whether what really filled is known (`tape.has_tape`); if not, `found` may be without it
        (`tape.without_tape`), and nothing is said of what a change would have done.
    """
    line = next((line for line in found.lines if found.total(line)), None)
    total = None if line is None else found.total(line)
    if line is None or total is None:
        return None
    prefix = f"by_all/{ANSWERED}/{ALL}/{line.name}"
    measures = MEASURES if has_tape else {name: MEASURES[name] for name in _OF_ANY_LINE}
    lines = changes(found.lines) if has_tape else []
    made = [_change(found, line, reference_of(line, found.lines)) for line in lines]
    return Answer(
        real={name: measured(prefix, total, measure) for name, measure in measures.items()},
        changes=made,
        replayed=_effects(found, REAL, REPLAYED) if has_tape else {},
        scales={metric: _scale(made, metric) for metric in ANSWERING},
        engaged=engaged_cells(found, REAL, REPLAYED) if has_tape else None,
        has_tape=has_tape,
    )


def _change(found: Rollups, line: Line, reference: Line) -> Change:
    return Change(line.name, reference.name, _effects(found, reference, line))


def _effects(found: Rollups, reference: Line, line: Line) -> dict[str, Effect]:
    rows = {metric: found.compared(reference, line, metric) for metric in ANSWERING}
    return {metric: effect_of(row) for metric, row in rows.items() if row}


def _scale(made: Sequence[Change], metric: str) -> Scale:
    """Zero and every interval, with room at both ends."""
    bounds = [0.0]
    for change in made:
        effect = change.effects.get(metric)
        found = (effect.low, effect.high, effect.mean) if effect else ()
        bounds += [bound for bound in found if bound is not None]
    room = 0.06 * (max(bounds) - min(bounds)) or 1.0
    return Scale(min(bounds) - room, max(bounds) + room)


def answer_content(found: Rollups, *, has_tape: bool) -> dict[str, Any]:
    """What `answer.html` names."""
    return {
        "answer": answer_of(found, has_tape=has_tape),
        "metrics": METRICS,
        "answering": ANSWERING,
    }
