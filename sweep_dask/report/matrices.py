"""Every effect under every choice, a matrix a metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.report.adopters import share_in_words
from sweep_dask.report.effects import METRICS
from sweep_dask.report.verdicts import effect_cell
from sweep_dask.terms.choices import AUD, COUNTED, SWEEP, SWITCHES, WEIGHTS, Switch, wait
from sweep_dask.terms.metrics import ANSWER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.report.numbers import Cell
    from sweep_dask.report.rollups import Rollups, Row


#: The unit of amounts.
_THOUSANDS = "thousands"


class Choice(NamedTuple):
    """A column of a matrix."""

    lifetime: str
    adoption: float

    @property
    def share(self) -> str:
        """Of the sweeps, who change."""
        return share_in_words(self.adoption)


@dataclass(frozen=True)
class MatrixRow:
    """The effects of a scenario under every choice, counted in one way."""

    arm: str
    counted: str
    unit: str
    """Empty: that of the metric."""
    cells: Sequence[tuple[Cell, bool]]
    """And whether the sign is another than that of the answer."""


@dataclass(frozen=True)
class Matrix:
    """Every effect on a metric."""

    metric: str
    choices: Sequence[Choice]
    rows: Sequence[MatrixRow]

    @property
    def heading(self) -> str:
        """The metric."""
        return METRICS[self.metric].heading

    @property
    def axis(self) -> str:
        """Its unit, and what + means."""
        return METRICS[self.metric].axis

    @property
    def by_weight(self) -> dict[str, list[MatrixRow]]:
        """Rows by how sweeps are counted and in what unit."""
        grouped: dict[str, list[MatrixRow]] = {}
        for row in self.rows:
            grouped.setdefault(f"{row.counted}, {row.unit or self.axis}", []).append(row)
        return grouped

    @property
    def lifetimes(self) -> dict[str, int]:
        """Headings, and how many columns are of each."""
        spans: dict[str, int] = {}
        for choice in self.choices:
            spans[wait(choice.lifetime)] = spans.get(wait(choice.lifetime), 0) + 1
        return spans


@dataclass(frozen=True)
class SwitchRow:
    """The effect of a scenario on a metric, and with each assumption put the other way."""

    arm: str
    cells: Sequence[tuple[Cell, bool]]
    """As those of a `MatrixRow`; the first has no switch."""


def matrices_content(rollups: Rollups, choices: Choices) -> dict[str, Any]:
    """What `matrices.html` names."""
    return {
        "matrices": matrices(rollups, choices),
        "switches": {name: SWITCHES[Switch(name)] for name in choices.switches},
        "switch_rows": switch_rows(rollups, choices),
    }


def switch_rows(rollups: Rollups, choices: Choices) -> dict[str, list[SwitchRow]]:
    """Metric and unit -> of the answer's own choice, by scenario; each sweep counting alike."""
    rows: dict[str, list[SwitchRow]] = {}
    for metric in ANSWER:
        by_arm: dict[str, dict[str, Row]] = {}
        for row in (*rollups.effects(metric), *rollups.switched(metric)):
            choice = (row["weight"], row["lifetime"], row["adoption"])
            if choice == (WEIGHTS[SWEEP], choices.lifetime, choices.marginal.share):
                by_arm.setdefault(row["scenario"], {})[row["switch"]] = row
        for arm, by_switch in by_arm.items():
            answer = by_switch[""]
            cells = [(effect_cell(row), _is_turned(row, answer)) for row in by_switch.values()]
            heading = f"{METRICS[metric].heading}, {METRICS[metric].axis}"
            rows.setdefault(heading, []).append(SwitchRow(arm, cells))
    return rows


def matrices(rollups: Rollups, choices: Choices) -> list[Matrix]:
    """One for each metric of the answer."""
    return [_matrix(metric, rollups.effects(metric), choices) for metric in ANSWER]


def _matrix(metric: str, effects: Sequence[Row], choices: Choices) -> Matrix:
    columns = list(dict.fromkeys(Choice(row["lifetime"], row["adoption"]) for row in effects))
    effect_of = {(row["scenario"], row["weight"], _choice(row)): row for row in effects}
    rows = []
    for arm in dict.fromkeys(row["scenario"] for row in effects):
        answer = effect_of[arm, WEIGHTS[SWEEP], Choice(choices.lifetime, choices.marginal.share)]
        for weight in WEIGHTS:
            of_weight = [effect_of[arm, weight, choice] for choice in columns]
            cells = [(effect_cell(row), _is_turned(row, answer)) for row in of_weight]
            unit = _THOUSANDS if weight == WEIGHTS[AUD] else ""
            rows.append(MatrixRow(arm, COUNTED[weight], unit, cells))
    return Matrix(metric, columns, rows)


def _choice(row: Row) -> Choice:
    return Choice(row["lifetime"], row["adoption"])


def _is_turned(row: Row, answer: Row) -> bool:
    """Whether it has not the sign of the answer, if both have one."""
    effects = (row["effect"], answer["effect"])
    return None not in effects and answer["effect"] != 0 and row["effect"] * answer["effect"] <= 0
