"""The answer of a run in words: what the terminal shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.metrics.lines import REAL, REPLAYED
from sweep_dask.dataflow.text_columns import columns_of_text
from sweep_dask.report.answer import ANSWERING, answer_of
from sweep_dask.report.effects import METRICS
from sweep_dask.report.measures import (
    COMPLETED_MEAN,
    DARK_SHARE,
    FILL_RATIO,
    FILLED_QUANTITY,
    FILLED_SHARE,
    SHORTFALL_MEAN,
    Measure,
)
from sweep_dask.report.rollups import read_rollups
from sweep_dask.report.tape import has_tape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.report.answer import Answer
    from sweep_dask.report.effects import Effect
    from sweep_dask.report.rollups import Rollups
    from sweep_dask.storage.layout import OutputLayout

_MEASURES = {"shares filled": FILLED_QUANTITY, "of all": FILLED_SHARE, "in the dark": DARK_SHARE}
#: Of `ANSWERING`, in its order.
_HEADINGS = ("fill ratio", "shortfall, bps", "same, rest traded")
#: What the lines have that others are compared with, in place of a change.
_LEVELS = (FILL_RATIO, SHORTFALL_MEAN, COMPLETED_MEAN)
_REFERENCES = {REAL: "what happened", REPLAYED: "replayed"}


def describe_answer(layout: OutputLayout, manifest: Mapping[str, Any]) -> list[str]:
    """Lines for what filled and what it cost, for real and in every simulation."""
    if not has_tape(manifest):
        return ["", "What really filled is not in the input: there is nothing to compare with."]
    found = read_rollups(layout.rollups)
    answer = answer_of(found)
    if answer is None:
        return ["", "No sweep was entered in continuous trading: there is nothing to compare."]
    sweeps = answer.real["sweeps"].text
    return [
        "",
        f"What {sweeps} sweeps of continuous trading got, and what a change would have done",
        *columns_of_text([["", *_MEASURES, *_HEADINGS, ""], *_rows(found, answer)]),
        f"  {_intervals(answer)}",
    ]


def _rows(found: Rollups, answer: Answer) -> list[list[str]]:
    changes = {change.line: change for change in answer.changes}
    rows = []
    for line in found.lines:
        change = changes.get(line.name)
        shown = _measures(found, line, _MEASURES.values())
        if change is None:
            rows.append([line.name, *shown, *_measures(found, line, _LEVELS), _REFERENCES[line]])
        else:
            effects = [_change(change.effects.get(metric)) for metric in ANSWERING]
            rows.append([line.name, *shown, *effects, f"against {change.reference}"])
    return [[_plain(cell) for cell in row] for row in rows]


def _measures(found: Rollups, line: Line, measures: Iterable[Measure]) -> list[str]:
    row = found.total(line)
    return [measure.form(measure.value(row)) if row else "" for measure in measures]


def _change(effect: Effect | None) -> str:
    if effect is None:
        return ""
    words = METRICS[effect.metric]
    if effect.low is None:
        return words.change(effect.mean)
    bounds = f"({words.change(effect.low)} to {words.change(effect.high)})"
    return f"{words.change(effect.mean)} {bounds}"


def _intervals(answer: Answer) -> str:
    if answer.has_one_cluster:
        return "No change has an interval: that takes two security-days or more"
    if not answer.effects:
        return "No change has an interval."
    few = ": fewer than ten say little" if answer.has_few_clusters else ""
    return f"In brackets: 95 % intervals by whole security-days, {answer.clusters_text}{few}"


def _plain(text: str) -> str:
    """Without signs that not every terminal has."""
    return text.replace("\u2212", "-").replace("\u2013", "-").replace("\u00a0", " ")
