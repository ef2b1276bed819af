"""The score of the book, from `fidelity.json` to the rows of the page's tables."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.terms.rules import RULES
from sweep_dask.terms.score import (
    CAUSES,
    EVENTS,
    FREE,
    KINDS,
    MODES,
    OUTCOMES,
    RESYNC,
    TRIGGERS,
    UNTIL,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FULL_BAR_PIXELS = 160

_COUNTS = ("tape", "predicted", "hits")
_KEYS = (
    *(*_COUNTS, "precision", "recall", "f1", "reachable", "reachable_recall"),
    *("quantity_precision", "quantity_recall"),
    *("contested", "contested_hits", "contested_random"),
)
_RELIABILITY = (
    *("right_share", "uncancelled_right_share", "real_share"),
    *("real_share_where_predicted", "real_share_where_not_predicted"),
    *("predicted_quantity", "real_quantity", "mean_error_quantity", "quantity_correlation"),
    *("predicted_median_seconds", "real_median_seconds"),
)
_DUAL_POSTED = (
    *("sweeps", "matched", "unmatched", "others", "security_days", "difference", "low", "high"),
    *("filled_share", "others_filled_share", "predicted_filled_share"),
)
_DARK_SWEEPS = ("sweeps", "exact", "no_dark_book_exact", "random_priority_exact")


@dataclass(frozen=True)
class Ablation:
    """The score with one rule switched off."""

    rule: str
    meaning: str
    resync: Mapping[str, Any]
    loss: float
    """F1 of the complete rules minus this one."""
    free_loss: float | None

    def bar(self, largest: float) -> int:
        """Width of its bar in pixels, if the largest loss takes the full width."""
        return round(_FULL_BAR_PIXELS * max(self.loss, 0.0) / largest) if largest > 0 else 0


@dataclass(frozen=True)
class Fidelity:
    """How well the book reproduces the tape."""

    modes: Mapping[str, Mapping[str, Any]]
    """The scores of all partitions together, by mode."""
    partitions: Sequence[Mapping[str, Any]]
    """By falling number of matches on the tape."""
    misses: Sequence[tuple[str, int]]
    """Matches that the step-by-step replay did not predict: cause in words and their number."""
    ablations: Sequence[Ablation]
    """Rules that make a difference, the largest loss first."""
    without_effect: Sequence[tuple[str, str]]
    """Other rules: name and meaning."""
    assumptions: Sequence[str]
    hidden: Mapping[str, Any] | None
    """What was predicted of real orders that were hidden; None if none was."""
    dual_posted: Mapping[str, Any] | None
    """Sweeps that really were dual-posted, beside others; None if none was."""

    @property
    def resync(self) -> Mapping[str, Any]:
        """The step-by-step score."""
        return self.modes[RESYNC]

    @property
    def free(self) -> Mapping[str, Any]:
        """The free-running score."""
        return self.modes[FREE]

    @property
    def largest_loss(self) -> float:
        """The full width of the bars."""
        return max((ablation.loss for ablation in self.ablations), default=0.0)


def read_fidelity(path: Path) -> Fidelity:
    """Read `fidelity.json`.

    Raises
    ------
    OSError
        There is none, or it cannot be read.
    ValueError
        It is no JSON, or not what this version writes.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    try:
        _check(document)
        return _fidelity(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this version did not write it: {error!r}") from error


def _check(document: Mapping[str, Any]) -> None:
    """The pages name these keys; a missing one is a KeyError."""
    scores = [document["total"][mode] for mode in MODES]
    for score in scores:
        _ = [score[name] for name in _KEYS], score["within_1ms"]["f1"]
        tallies = [score["by_trigger"][name] for name in TRIGGERS]
        _ = [tally[name] for tally in tallies for name in _COUNTS]
        _ = [score["dark_sweeps"][name] for name in _DARK_SWEEPS]
        for counted in (score, score["random_priority"]):
            tallies = [counted["by_event"][name] for name in EVENTS]
            tallies += [counted["by_kind"][name] for name in KINDS]
            _ = [tally[name] for tally in (counted, *tallies) for name in (*_COUNTS, "f1")]
    parts = [entry[mode] for entry in document["partitions"] for mode in MODES]
    _ = [part[name] for part in parts for name in (*_COUNTS, "f1")]
    _ = [(entry["date"], entry["security"]) for entry in document["partitions"]]
    if document["hide_and_predict"] is not None:
        _check_hidden(document["hide_and_predict"])
    if document["dual_posted"] is not None:
        _ = [document["dual_posted"][name] for name in _DUAL_POSTED]


def _check_hidden(hidden: Mapping[str, Any]) -> None:
    _ = hidden["one_in"], hidden["orders"]
    for counted in (hidden, hidden["random_priority"]):
        for of_wait in (counted["until"][name] for name in UNTIL):
            _ = [of_wait[name] for name in _RELIABILITY]
            _ = [of_wait["any_fill"][name]["orders"] for name in OUTCOMES]


def _fidelity(document: Mapping[str, Any]) -> Fidelity:
    modes = {mode: document["total"][mode] for mode in MODES}
    partitions = document["partitions"]
    # A run has none, and says elsewhere what it assumes.
    ablations = [_ablation(entry, modes) for entry in document.get("ablations", ())]
    by_loss = sorted(ablations, key=lambda ablation: -ablation.loss)
    return Fidelity(
        modes=modes,
        partitions=sorted(partitions, key=lambda partition: -partition[RESYNC]["tape"]),
        misses=_causes(partitions),
        ablations=[ablation for ablation in by_loss if _matters(ablation)],
        without_effect=[(a.rule, a.meaning) for a in ablations if not _matters(a)],
        assumptions=document.get("assumptions", ()),
        hidden=document["hide_and_predict"],
        dual_posted=document["dual_posted"],
    )


def _causes(partitions: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    counts = Counter(miss["cause"] for entry in partitions for miss in entry["misses"])
    order = [*CAUSES, *sorted(counts.keys() - CAUSES.keys())]
    return [(CAUSES.get(name, name), counts[name]) for name in order if counts[name]]


def _ablation(entry: Mapping[str, Any], complete: Mapping[str, Mapping[str, Any]]) -> Ablation:
    rule, free = entry["rule"], entry.get(FREE)
    return Ablation(
        rule.replace("_", "-"),
        RULES[name].words if (name := rule.replace("-", "_")) in RULES else "",
        entry[RESYNC],
        _loss(entry[RESYNC], complete[RESYNC]),
        None if free is None else _loss(free, complete[FREE]),
    )


def _loss(without: Mapping[str, Any], complete: Mapping[str, Any]) -> float:
    """Of F1; a score of nothing is 0."""
    return float(complete["f1"] or 0.0) - float(without["f1"] or 0.0)


def _matters(ablation: Ablation) -> bool:
    return bool(ablation.loss or ablation.free_loss)
