"""What sweeps fill and cost by the share of them that changes, in the answer's own lifetime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.analysis.rollups.robustness import SWEEP, WEIGHTS
from sweep_dask.report import wording
from sweep_dask.report.cells import Cell, cell, over
from sweep_dask.report.effects import METRICS

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


def _column(name: str) -> Callable[[Row], float | None]:
    return lambda row: row[name]


def _share(part: str, whole: str) -> Callable[[Row], float | None]:
    return lambda row: over(row[part], row[whole])


QUANTITY = Level("quantity", "Shares entered", _column("quantity"), wording.number)
AFFECTED = Level("n_affected", "that can change", _column("n_affected"), wording.number)
FILLED = Level("filled_quantity", "filled", _column("filled_quantity"), wording.number)
FILLED_SHARE = Level(
    "filled_share", "of all", _share("filled_quantity", "quantity"), wording.percent
)
DARK_SHARE = Level(
    "dark_share", "in the dark", _share("dark_quantity", "filled_quantity"), wording.percent
)
AMONG_ADOPTERS = Level(
    "among_adopters_share",
    "of these among each other",
    lambda row: over(row["among_adopters_quantity"], row["adoption"] and row["dark_quantity"]),
    wording.percent,
)
LARGEST = Level(
    *("largest_participant_share", "of the largest participant"),
    *(_column("largest_participant_share"), wording.percent),
)
FIVE_CONTRAS = Level(
    *("largest_five_contras_share", "from the five largest contras"),
    *(_column("largest_five_contras_share"), wording.percent),
)
FILL_RATIO = Level("fill_ratio_mean", "fill ratio", _column("fill_ratio_mean"), wording.percent)
SHORTFALL = Level(
    *("implementation_shortfall_bps_mean", "shortfall"),
    *(_column("implementation_shortfall_bps_mean"), wording.decimals),
)
COMPLETED = Level(
    *("completed_shortfall_bps_mean", "same, rest traded"),
    *(_column("completed_shortfall_bps_mean"), wording.decimals),
)
LEVELS = (FILLED, FILLED_SHARE, DARK_SHARE, AMONG_ADOPTERS, FILL_RATIO, SHORTFALL, COMPLETED)


@dataclass(frozen=True)
class LevelRow:
    """What the sweeps of a line fill and cost, if some share of them changes."""

    row: Row

    @property
    def line(self) -> str:
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
        place = (self.line, self.row["lifetime"], self.adoption, level.name)
        return cell("/".join(("by_choice", *map(str, place))), level.value(self.row), level.form)


def share_in_words(adoption: float) -> str:
    """`5 %`, `12.5 %`."""
    return f"{100 * adoption:.3g} %"


def level_rows(found: Rollups, asked: Choices) -> list[LevelRow]:
    """Of the answer's own lifetime, by line and share."""
    return [
        LevelRow(row)
        for row in found.by_choice
        if row["lifetime"] == asked.lifetime and not row["switch"]
    ]


@dataclass(frozen=True)
class Curve:
    """An effect, or a share, of one line by the share of sweeps that change."""

    line: str
    adoption: list[float]
    value: list[float | None]
    """In the unit of the page."""


def effect_curves(found: Rollups, asked: Choices, metric: str) -> list[Curve]:
    """Of a metric per sweep, a curve a scenario."""
    rows = [
        row
        for row in found.effects(metric)
        if (row["weight"], row["lifetime"]) == (WEIGHTS[SWEEP], asked.lifetime)
    ]
    return _curves(rows, lambda row: _scaled(row["effect"], METRICS[metric].scale))


def among_adopters_curves(found: Rollups, asked: Choices) -> list[Curve]:
    """Percent of what sweeps fill in the dark that they fill among each other."""
    rows = [one.row for one in level_rows(found, asked) if one.adoption]
    return _curves(rows, lambda row: _scaled(AMONG_ADOPTERS.value(row), 100))


def _curves(rows: Sequence[Row], value: Callable[[Row], float | None]) -> list[Curve]:
    curves: dict[str, Curve] = {}
    for row in rows:
        curve = curves.setdefault(row["scenario"], Curve(row["scenario"], [], []))
        curve.adoption.append(row["adoption"])
        curve.value.append(value(row))
    return list(curves.values())


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else scale * value
