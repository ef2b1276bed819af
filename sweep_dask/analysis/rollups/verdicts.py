"""Whether an answer holds whatever is chosen.

A scenario is called better or worse in a metric only if the effect has one sign under every choice,
if no interval of the answer's own choice holds zero, and if there are enough security-days.
Otherwise it is not decided, and what turns it is named.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.significance import holm
from sweep_dask.analysis.tables import schema
from sweep_dask.terms.choices import (
    AUD,
    BETTER,
    BOOK,
    COUNTED,
    ENOUGH_CLUSTERS,
    INTERVALS,
    NOT_DECIDED,
    SWEEP,
    SWITCHED,
    WEIGHTS,
    WORSE,
    Switch,
    adopters,
    enumerated,
    wait,
)
from sweep_dask.terms.metrics import COMPARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.analysis.tables import Schema

    Row = Mapping[str, Any]

#: Below this adjusted p-value an effect is called more than chance; a convention.
SIGNIFICANT = 0.05
#: What a choice is made of.
AXES = ("weight", "lifetime", "adoption", "switch")

#: One row per scenario and metric; `turned_by` says in words, with `; ` between them, what speaks
#: against a verdict, above all the choices that give the effect another sign. The effect is that of
#: the answer's own choice, each sweep counting alike, with its bounds over all switches; `smallest`
#: and `largest` are over all choices in the same unit.
VERDICTS: Schema = schema(
    "scenario:str metric:str verdict:str turned_by:str unit:str effect:float64 low:float64 "
    "high:float64 least:float64 most:float64 p_holm:float64 n_clusters:int64 smallest:float64 "
    "largest:float64"
)


def verdicts(effects: Iterable[Row], choices: Choices) -> list[dict[str, Any]]:
    """Rows of `VERDICTS`, from those of `ROBUSTNESS` by scenario and metric."""
    asked = (WEIGHTS[SWEEP], choices.lifetime, choices.marginal.share, "")
    of_metrics = [
        list(rows) for _, rows in groupby(effects, key=lambda row: (row["scenario"], row["metric"]))
    ]
    answers = [_answers(rows, asked) for rows in of_metrics]
    adjusted = holm(np.array([answer["p_value"] for answer in answers], dtype=np.float64))
    return [
        _verdict(rows, answer, float(p_holm), asked)
        for rows, answer, p_holm in zip(of_metrics, answers, adjusted, strict=True)
    ]


def _answers(rows: Sequence[Row], asked: tuple[Any, ...]) -> Row:
    """The effect under the answer's own choice."""
    return next(row for row in rows if _choice(row) == asked and row["interval"] == INTERVALS[0])


def _choice(row: Row) -> tuple[Any, ...]:
    return tuple(row[axis] for axis in AXES)


def _verdict(
    rows: Sequence[Row], answer: Row, p_holm: float, asked: tuple[Any, ...]
) -> dict[str, Any]:
    doubts = list(_doubts(rows, answer, p_holm, asked))
    is_good = answer["effect"] * COMPARED[answer["metric"]] > 0
    alike = [
        row["effect"]
        for row in rows
        if row["unit"] == answer["unit"]
        and row["interval"] == INTERVALS[0]
        and not np.isnan(row["effect"])
    ]
    told = ("scenario", "metric", "unit", "effect", "low", "high", "least", "most", "n_clusters")
    return {
        **{name: answer[name] for name in told},
        "verdict": NOT_DECIDED if doubts else (BETTER if is_good else WORSE),
        "turned_by": "; ".join(doubts),
        "p_holm": p_holm,
        "smallest": min(alike, default=np.nan),
        "largest": max(alike, default=np.nan),
    }


def _doubts(
    rows: Sequence[Row], answer: Row, p_holm: float, asked: tuple[Any, ...]
) -> Iterator[str]:
    """Everything that speaks against a verdict; nothing if there is one."""
    if np.isnan(answer["effect"]):
        yield "no sweep can be compared"
        return
    if answer["effect"] == 0:
        yield "no difference"
        return
    with_errors = [row for row in rows if row["interval"] == INTERVALS[BOOK]]
    rows = [row for row in rows if row["interval"] != INTERVALS[BOOK]]
    yield from _turning(rows, answer, asked)
    unknown = {row["lifetime"]: None for row in rows if np.isnan(row["effect"])}
    if unknown:
        yield f"nothing can be compared if sweeps wait {enumerated(list(map(wait, unknown)))}"
    if answer["n_clusters"] < ENOUGH_CLUSTERS:
        count = answer["n_clusters"]
        yield f"{count} security-day{'s' if count > 1 else ''} of the {ENOUGH_CLUSTERS} it takes"
        return
    intervals = [*(row for row in rows if _choice(row)[1:] == asked[1:]), *with_errors]
    if not with_errors or any(np.isnan(row["low"]) for row in with_errors):
        yield "how wrong the book is cannot be told"
        return
    unsure = {COUNTED[row["weight"]]: None for row in intervals if not row["low"] * row["high"] > 0}
    if unsure:
        yield f"an interval holds zero {enumerated(list(unsure), 'and')}"
    elif not p_holm < SIGNIFICANT:
        yield f"p = {p_holm:.3f} for the family"


def _turning(rows: Sequence[Row], answer: Row, asked: tuple[Any, ...]) -> Iterator[str]:
    """The choices that give the effect another sign, without those of which a part does, too."""
    turned = {
        frozenset(
            (axis, value)
            for axis, value, own in zip(AXES, _choice(row), asked, strict=True)
            if value != own
        ): None
        for row in rows
        if row["effect"] * answer["effect"] <= 0
    }
    least = [changes for changes in turned if not any(other < changes for other in turned)]
    waits: dict[tuple[Any, ...], list[str]] = {}
    for changes in sorted(least, key=len):
        found = dict(changes)
        # Dollars have the sign of the mean by value.
        if found.get("weight") != WEIGHTS[AUD]:
            others = tuple(found.get(axis) for axis in ("weight", "adoption", "switch"))
            of_lifetimes = waits.setdefault(others, [])
            of_lifetimes += [wait(found["lifetime"])] if "lifetime" in found else []
    for others, lifetimes in waits.items():
        yield _in_words(lifetimes, *others)


def _in_words(
    lifetimes: list[str], weight: str | None, adoption: float | None, switch: str | None
) -> str:
    by = f" {COUNTED[weight]} instead of {COUNTED[WEIGHTS[SWEEP]]}" if weight else ""
    conditions = [f"sweeps wait {enumerated(lifetimes)}"] if lifetimes else []
    conditions += [adopters(adoption)] if adoption else []
    conditions += [SWITCHED[Switch(switch)]] if switch else []
    return f"turns{by}{' if ' if conditions else ''}{' and '.join(conditions)}"
