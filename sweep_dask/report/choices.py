"""What depends on choices: every effect under each, and if more sweeps change at the same time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.report import wording
from sweep_dask.report.effects import METRICS
from sweep_dask.report.measures import column_of, ratio_of
from sweep_dask.report.plot import Curve, Plot, number_axis
from sweep_dask.report.verdicts import effect_cell
from sweep_dask.report.wording import WORDS, Cell, cell, over
from sweep_dask.terms.choices import AUD, COUNTED, SWEEP, SWITCHES, WEIGHTS, Switch, wait
from sweep_dask.terms.metrics import ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.report.rollups import Rollups, Row


class Level(NamedTuple):
    """A number of `by_choice` as it is shown."""

    name: str
    heading: str
    value: Callable[[Row], float | None]
    form: Callable[[float | None], str]


QUANTITY = Level("quantity", "Shares entered", column_of("quantity"), wording.number)
AFFECTED = Level("n_affected", "that can change", column_of("n_affected"), wording.number)
FILLED = Level("filled_quantity", "filled", column_of("filled_quantity"), wording.number)
FILLED_SHARE = Level(
    "filled_share", "of all", ratio_of("filled_quantity", "quantity"), wording.percent
)
DARK_SHARE = Level(
    "dark_share", "in the dark", ratio_of("dark_quantity", "filled_quantity"), wording.percent
)
AMONG_ADOPTERS = Level(
    "among_adopters_share",
    "of these among each other",
    lambda row: over(row["among_adopters_quantity"], row["adoption"] and row["dark_quantity"]),
    wording.percent,
)
LARGEST = Level(
    *("largest_participant_share", "of the largest participant"),
    *(column_of("largest_participant_share"), wording.percent),
)
FIVE_CONTRAS = Level(
    *("largest_five_contras_share", "from the five largest contras"),
    *(column_of("largest_five_contras_share"), wording.percent),
)
FILL_RATIO = Level("fill_ratio_mean", "fill ratio", column_of("fill_ratio_mean"), wording.percent)
SHORTFALL = Level(
    *("implementation_shortfall_bps_mean", "shortfall"),
    *(column_of("implementation_shortfall_bps_mean"), wording.decimals),
)
WITH_CLEAN_UP = Level(
    *("completed_shortfall_bps_mean", "same, with clean-up"),
    *(column_of("completed_shortfall_bps_mean"), wording.decimals),
)
LEVELS = (FILLED, FILLED_SHARE, DARK_SHARE, AMONG_ADOPTERS, FILL_RATIO, SHORTFALL, WITH_CLEAN_UP)


@dataclass(frozen=True)
class LevelRow:
    """What the sweeps of an arm fill and cost, if some share of them changes."""

    row: Row

    @property
    def arm(self) -> str:
        """Its name."""
        return str(self.row["scenario"])

    @property
    def adoption(self) -> float:
        """0: nobody changes."""
        return float(self.row["adoption"])

    @property
    def share(self) -> str:
        """Of the sweeps, who change."""
        return share_in_words(self.adoption)

    def cell(self, level: Level) -> Cell:
        """One of the numbers."""
        parts = (self.arm, self.row["lifetime"], self.adoption, level.name)
        return cell("/".join(("by_choice", *map(str, parts))), level.value(self.row), level.form)


def share_in_words(adoption: float) -> str:
    """`5 %`, `12.5 %`."""
    return f"{100 * adoption:.3g} %"


def level_rows(rollups: Rollups, choices: Choices) -> list[LevelRow]:
    """Of the answer's own lifetime, by arm and share."""
    return [
        LevelRow(row)
        for row in rollups.by_choice
        if row["lifetime"] == choices.lifetime and not row["switch"]
    ]


def adopters_content(rollups: Rollups, choices: Choices) -> dict[str, Any]:
    """What `adopters.html` names."""
    plots = {metric: _effect_plot(rollups, choices, metric) for metric in ANSWER}
    plots["among"] = _among_adopters_plot(rollups, choices)
    return {
        "levels": LEVELS,
        "adopters_plots": {name: plot for name, plot in plots.items() if plot.curves},
    }


def _effect_plot(rollups: Rollups, choices: Choices, metric: str) -> Plot:
    """The effect on a metric per sweep."""
    words = METRICS[metric]
    rows = [
        row
        for row in rollups.effects(metric)
        if (row["weight"], row["lifetime"]) == (WEIGHTS[SWEEP], choices.lifetime)
    ]
    curves = _curves(rows, lambda row: _scaled(row["effect"], words.scale))
    return _plot(f"{words.heading}: effect per sweep", words.axis, curves)


def _among_adopters_plot(rollups: Rollups, choices: Choices) -> Plot:
    """Percent of what sweeps fill in the dark that they fill among each other."""
    rows = [one.row for one in level_rows(rollups, choices) if one.adoption]
    curves = _curves(rows, lambda row: _scaled(AMONG_ADOPTERS.value(row), 100))
    return _plot("Filled among each other", "% of what they fill in the dark", curves)


def _plot(title: str, label: str, curves: Sequence[Curve]) -> Plot:
    shares = sorted({share for curve in curves for share in curve.x})
    x = number_axis("sweeps that change, %", shares, unit=" %", room=0.04)
    ticks = [(x.position(share), f"{share:.3g}") for share in shares]
    values = [0.0, *(y for curve in curves for _, y in curve.points)]
    return Plot(title, replace(x, ticks=ticks), number_axis(label, values), curves, 190)


def _curves(rows: Sequence[Row], value: Callable[[Row], float | None]) -> list[Curve]:
    """A curve a scenario."""
    by_arm: dict[str, list[Row]] = {}
    for row in rows:
        by_arm.setdefault(row["scenario"], []).append(row)
    return [
        Curve(
            *(f"line-{arm}", WORDS[arm].label),
            x=[100 * row["adoption"] for row in of_arm],
            y=[value(row) for row in of_arm],
            marker=WORDS[arm].marker,
        )
        for arm, of_arm in by_arm.items()
    ]


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else scale * value


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
