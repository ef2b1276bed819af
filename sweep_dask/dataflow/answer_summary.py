"""The answer of a run in words: what the terminal shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.metrics.lines import REAL, REPLAYED
from sweep_dask.dataflow.text_columns import columns_of_text
from sweep_dask.report.answer import ANSWERING, answer_of
from sweep_dask.report.measures import (
    COMPLETED_MEAN,
    DARK_SHARE,
    FILL_RATIO,
    FILLED_QUANTITY,
    FILLED_SHARE,
    SHORTFALL_MEAN,
)
from sweep_dask.report.rollups import read_rollups
from sweep_dask.report.tape import has_tape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.report.answer import Answer
    from sweep_dask.report.effects import Effect
    from sweep_dask.report.rollups import Rollups
    from sweep_dask.storage.layout import OutputLayout

_MEASURES = {"shares filled": FILLED_QUANTITY, "of all": FILLED_SHARE, "in the dark": DARK_SHARE}
#: Of `ANSWERING`, in its order.
_LEVELS = {
    "fill ratio": FILL_RATIO,
    "shortfall": SHORTFALL_MEAN,
    "same, rest traded": COMPLETED_MEAN,
}
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
        f"What {sweeps} sweeps of continuous trading got; shortfalls in bps, + = costlier",
        *columns_of_text([["", *_MEASURES, *_LEVELS, ""], *_rows(found)]),
        *_changes(answer),
        f"  {_intervals(answer)}",
    ]


def _rows(found: Rollups) -> list[list[str]]:
    measures = (*_MEASURES.values(), *_LEVELS.values())
    return [
        [
            line.name,
            *(_plain(measure.form(measure.value(row))) for measure in measures),
            _REFERENCES.get(line, ""),
        ]
        for line in found.lines
        if (row := found.total(line))
    ]


def _changes(answer: Answer) -> list[str]:
    """What each change would have done, a row a metric."""
    rows = [
        [change.line, f"against {change.reference}", name, *map(_plain, _said(effect))]
        for change in answer.changes
        for name, metric in zip(_LEVELS, ANSWERING, strict=True)
        if (effect := change.effects.get(metric))
    ]
    return ["What a change would have done", *columns_of_text(rows)] if rows else []


def _said(effect: Effect) -> tuple[str, str]:
    if effect.mean is None:
        return "cannot be said", ""
    interval = "" if effect.low is None else f"({effect.certainty})"
    return effect.words.said(effect.mean), interval


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
