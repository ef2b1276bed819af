"""The answer: what really filled, and what is decided about each scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report.choices import (
    AFFECTED,
    FIVE_CONTRAS,
    LARGEST,
    QUANTITY,
    LevelRow,
    level_rows,
)
from sweep_dask.report.choices import FILLED_SHARE as FILLED_BY_THEN
from sweep_dask.report.comparison import dark_fill_cells
from sweep_dask.report.effects import METRICS, Effect, effect_of
from sweep_dask.report.measures import FILLED_SHARE, MEASURES, SWEEPS, measured
from sweep_dask.report.measures import QUANTITY as SHARES_ENTERED
from sweep_dask.report.plot import Scale
from sweep_dask.report.rollups import arm_of
from sweep_dask.report.verdicts import Headline, Verdict, headline, looked_at, verdicts_of
from sweep_dask.report.wording import over
from sweep_dask.terms.arms import BY_TIME_PRIORITY, REAL, REPLAYED
from sweep_dask.terms.choices import ENOUGH_CLUSTERS, adopters, wait, within
from sweep_dask.terms.dimensions import ALL, HEADLINE_POPULATION, UNKNOWN
from sweep_dask.terms.metrics import ANSWER, FILL_RATIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.report.rollups import Rollups
    from sweep_dask.report.wording import Cell
    from sweep_dask.terms.arms import Arm

#: Measures that are the same for every arm.
_OF_ANY_ARM = ("sweeps", "quantity")


@dataclass(frozen=True)
class Largest:
    """The participant who entered more than half of the shares."""

    name: str
    share: float | None
    """Of the shares of all."""
    quantity: Cell
    sweeps: Cell
    filled_share: Cell
    """What filled of the shares of this participant."""


@dataclass(frozen=True)
class Answer:
    """Everything the first section says."""

    real: dict[str, Cell]
    """Measures of the tape by name."""
    choices: Choices
    verdicts: Sequence[Verdict]
    looked_at: str
    """Over how many choices a verdict has to hold, in words."""
    levels: Sequence[LevelRow]
    """What arms fill and cost in the answer's own lifetime."""
    replayed: Effect | None
    """How much more or less the replay as entered fills than the tape: the error of the book."""
    time_priority: dict[str, Effect]
    """What that model differs by from the tape, by metric."""
    dark_fills: dict[str, Cell] | None = None
    """Sweeps that trade in the dark, on the tape and in the replay; see `dark_fill_cells`."""
    largest: Largest | None = None
    """Who entered more than half of the shares, if one participant did."""
    has_tape: bool = True
    """Whether what really filled is known; if not, `real` has what was entered only."""
    doubt: str | None = None
    """Why nothing is said of what a change would have done: `replay_page.doubt`."""

    @property
    def headline(self) -> Headline | None:
        """The verdicts in a few sentences; None without any."""
        return headline(self.verdicts)

    @property
    def arms(self) -> list[str]:
        """The scenarios."""
        return list(dict.fromkeys(one.arm for one in self.verdicts))

    @property
    def wait(self) -> str:
        """How long sweeps wait, in words."""
        return wait(self.choices.lifetime)

    @property
    def adopters(self) -> str:
        """Who changes, in words."""
        return adopters(self.choices.marginal.share, self.choices.adoption_participant)

    @property
    def nobody(self) -> str | None:
        """That the participant asked about has no sweep to tell of, if that is so."""
        if not self.choices.is_of_one or self.measured is None or self.measured.row["n_sweeps"]:
            return None
        return (
            f"Participant {self.choices.adoption_participant}, whose sweeps alone change "
            "(choices.adoption_participant), has no sweep that can be measured: none in continuous "
            "trading with a midpoint on arrival and at the end of the wait"
        )

    @property
    def within(self) -> str:
        """Until when fills count, in words."""
        return within(self.choices.lifetime)

    @property
    def has_book_errors(self) -> bool:
        """Whether any interval holds the error of the book."""
        return any(one.with_book_errors for one in self.verdicts)

    @property
    def measured(self) -> LevelRow | None:
        """What really filled in the answer's own lifetime."""
        return next((row for row in self.levels if row.arm == REAL.name), None)

    @property
    def changed(self) -> list[LevelRow]:
        """What each scenario fills and costs under the answer's own choice."""
        share = self.choices.marginal.share
        return [row for row in self.levels if row.arm in self.arms and row.adoption == share]

    @property
    def by_metric(self) -> dict[str, list[Verdict]]:
        """The verdicts on each metric."""
        by_metric = {m: [v for v in self.verdicts if v.row["metric"] == m] for m in ANSWER}
        return {metric: verdicts for metric, verdicts in by_metric.items() if verdicts}

    @property
    def scales(self) -> dict[str, Scale]:
        """The axis that all effects on one metric share, by metric; each holds zero."""
        return {metric: self._scale(metric) for metric in ANSWER}

    def _scale(self, metric: str) -> Scale:
        """Zero, every interval and every range, with room at both ends."""
        rows = [one.row for one in self.verdicts if one.row["metric"] == metric]
        ends = [row[name] for row in rows for name in ("low", "high", "smallest", "largest")]
        bounds = [0.0, *(bound for bound in ends if bound is not None)]
        room = 0.06 * (max(bounds) - min(bounds)) or 1.0
        return Scale(min(bounds) - room, max(bounds) + room)


def answer_of(
    rollups: Rollups, choices: Choices, doubt: str | None, *, has_tape: bool = True
) -> Answer | None:
    """The answer of a run; None if no sweep was entered in continuous trading.

    Parameters
    ----------
    doubt
        Why the book cannot be trusted on this input (`replay_page.doubt`); then nothing is said of
        what a change would have done.
    has_tape
        Whether what really filled is known (`subject.has_tape`); if not, `rollups` may be without
        it (`rollups.without_tape`), and nothing is said of what a change would have done.
    """
    arm = next((arm for arm in rollups.arms if rollups.total(arm)), None)
    total = None if arm is None else rollups.total(arm)
    if arm is None or total is None:
        return None
    prefix = f"by_all/{HEADLINE_POPULATION}/{ALL}/{arm.name}"
    measures = MEASURES if has_tape else {name: MEASURES[name] for name in _OF_ANY_ARM}
    is_sure = has_tape and doubt is None
    return Answer(
        real={name: measured(prefix, total, measure) for name, measure in measures.items()},
        choices=choices,
        verdicts=verdicts_of(rollups, choices) if is_sure else [],
        looked_at=looked_at(rollups),
        levels=level_rows(rollups, choices) if is_sure else [],
        replayed=_against_tape(rollups, REPLAYED).get(FILL_RATIO) if has_tape else None,
        time_priority=_against_tape(rollups, BY_TIME_PRIORITY) if has_tape else {},
        dark_fills=dark_fill_cells(rollups, REAL, REPLAYED) if has_tape else None,
        largest=None if choices.is_of_one else largest_of(rollups, arm),
        has_tape=has_tape,
        doubt=doubt,
    )


def _against_tape(rollups: Rollups, arm: Arm) -> dict[str, Effect]:
    rows = {metric: rollups.compared(REAL, arm, metric) for metric in ANSWER}
    effects = {metric: effect_of(row) for metric, row in rows.items() if row}
    return {metric: effect for metric, effect in effects.items() if effect.mean is not None}


def largest_of(rollups: Rollups, arm: Arm) -> Largest | None:
    """The participant who entered more than half of the shares; None if nobody did.

    Whole numbers decide: half of the shares is not more than half.
    """
    rows = [row for row in rollups.segments.get("participant", ()) if arm_of(row) == arm]
    wanted = sum(row["quantity"] for row in rows)
    for row in rows:
        if row["segment"] != UNKNOWN and 2 * row["quantity"] > wanted:
            prefix = f"by_participant/{HEADLINE_POPULATION}/{row['segment']}/{arm.name}"
            cells = (measured(prefix, row, one) for one in (SHARES_ENTERED, SWEEPS, FILLED_SHARE))
            return Largest(row["segment"], over(row["quantity"], wanted), *cells)
    return None


def answer_content(
    rollups: Rollups, choices: Choices, doubt: str | None, *, has_tape: bool
) -> dict[str, Any]:
    """What `answer.html` and the sections about choices name."""
    return {
        "answer": answer_of(rollups, choices, doubt, has_tape=has_tape),
        "metrics": METRICS,
        "answering": tuple(ANSWER),
        "entered": QUANTITY,
        "affected": AFFECTED,
        "filled_share": FILLED_BY_THEN,
        "of_largest": LARGEST,
        "five_contras": FIVE_CONTRAS,
        "enough_clusters": ENOUGH_CLUSTERS,
    }
