"""The answer: what really filled, and what each scenario would have changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.metrics.lines import REAL, REPLAYED
from sweep_dask.report.effects import FILL_RATIO, METRICS, SHORTFALL, Effect, effect_of
from sweep_dask.report.line_words import WORDS, changes, label, reference_of
from sweep_dask.report.measures import MEASURES, measured
from sweep_dask.report.rollups import ALL, ANSWERED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.report.cells import Cell
    from sweep_dask.report.rollups import Rollups

#: Below about ten clusters an interval by clusters is too narrow (docs/metrics.md).
FEW_CLUSTERS = 10

#: The two metrics of the answer.
ANSWERING = (FILL_RATIO, SHORTFALL)


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
    """What one line changes, in both metrics of the answer."""

    line: str
    reference: str
    effects: dict[str, Effect]
    """By metric; without one that has no row."""

    @property
    def label(self) -> str:
        """The heading of the line."""
        return label(self.line)

    @property
    def had(self) -> str:
        """What the sweeps would have done."""
        return WORDS[self.line].had


@dataclass(frozen=True)
class Best:
    """Which line does best in one metric, as far as that is more than chance."""

    metric: str
    effect: Effect | None
    """None if no line does better than its reference."""
    is_any_worse: bool
    """Whether some line does worse."""
    is_alone: bool
    """Whether there is no second line to do better than."""
    is_among_scenarios: bool
    """Whether lines of other models were passed over."""
    fills_less: bool
    """Whether the line fills less than its reference does."""


@dataclass(frozen=True)
class Answer:
    """Everything the first section says."""

    real: dict[str, Cell]
    """Measures of the tape by name."""
    changes: Sequence[Change]
    replayed: dict[str, Effect]
    """What the replay as entered differs by from the tape: the error of the book."""
    scales: dict[str, Scale]

    @property
    def effects(self) -> list[Effect]:
        """All of the effects that have an interval."""
        found = (change.effects.get(metric) for change in self.changes for metric in ANSWERING)
        return [effect for effect in found if effect and effect.low is not None]

    @property
    def n_clusters(self) -> int:
        """Security-days of the sweeps."""
        return max((e.n_clusters for c in self.changes for e in c.effects.values()), default=0)

    @property
    def is_clustered(self) -> bool:
        """Whether any interval is by whole security-days."""
        return any(effect.is_clustered for effect in self.effects)

    @property
    def has_few_clusters(self) -> bool:
        """Whether intervals by clusters are too narrow."""
        return self.n_clusters < FEW_CLUSTERS

    @property
    def best(self) -> list[Best]:
        """For both metrics, among the scenarios; without scenarios among all lines."""
        ours = [change for change in self.changes if change.reference != REAL.name]
        passed_over = 0 < len(ours) < len(self.changes)
        return [_best(ours or self.changes, metric, passed_over) for metric in ANSWERING]

    @property
    def references(self) -> list[str]:
        """What lines are measured against, each once."""
        return list(dict.fromkeys(change.reference for change in self.changes))


def answer_of(found: Rollups) -> Answer | None:
    """The answer of a run; None if no sweep was entered in continuous trading."""
    tape = found.total(REAL)
    if tape is None:
        return None
    lines = found.lines
    prefix = f"by_all/{ANSWERED}/{ALL}/{REAL.name}"
    made = [_change(found, line, reference_of(line, lines)) for line in changes(lines)]
    return Answer(
        real={name: measured(prefix, tape, measure) for name, measure in MEASURES.items()},
        changes=made,
        replayed=_effects(found, REAL, REPLAYED),
        scales={metric: _scale(made, metric) for metric in ANSWERING},
    )


def _change(found: Rollups, line: Line, reference: Line) -> Change:
    return Change(line.name, reference.name, _effects(found, reference, line))


def _best(among: Sequence[Change], metric: str, is_among_scenarios: bool) -> Best:
    found = [change.effects[metric] for change in among if metric in change.effects]
    sure = [(effect.mean, effect) for effect in found if effect.mean and effect.is_more_than_chance]
    better = [(mean, effect) for mean, effect in sure if mean > 0]
    largest = max(better, key=lambda pair: pair[0])[1] if better else None
    fills = {
        change.line: change.effects[FILL_RATIO].mean
        for change in among
        if FILL_RATIO in change.effects
    }
    return Best(
        metric,
        largest,
        is_any_worse=len(sure) > len(better),
        is_alone=len(among) == 1,
        is_among_scenarios=is_among_scenarios,
        fills_less=largest is not None and (fills.get(largest.line) or 0) < 0,
    )


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


def answer_content(found: Rollups) -> dict[str, Any]:
    """What `answer.html` names."""
    return {"answer": answer_of(found), "metrics": METRICS, "answering": ANSWERING}
