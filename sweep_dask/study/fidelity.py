"""The scores of all partitions as `fidelity.json` (contract): of a run, and of a replay."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders
from sweep_dask.analysis.centre_point.hide_and_predict import ONE_IN
from sweep_dask.analysis.centre_point.score import Detail, Score, book_errors
from sweep_dask.analysis.metrics.dual_posted import DualPosted
from sweep_dask.errors import InputError
from sweep_dask.partition.measures import read_score
from sweep_dask.storage.atomic import write_json
from sweep_dask.storage.layout import Partition
from sweep_dask.terms.arms import CENTRE_POINT
from sweep_dask.terms.score import FREE, MODES, PREDICTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sweep_dask.analysis.centre_point.partition_score import PartitionScore
    from sweep_dask.analysis.tables import FloatArray
    from sweep_dask.partition import PartitionSummary
    from sweep_dask.partition.job import ReplayOutcome
    from sweep_dask.storage.layout import OutputLayout


@dataclass
class Ablations:
    """Scores without each rule, summed as partitions come in."""

    scores: dict[str, dict[str, Score]] = field(default_factory=dict)
    """By rule switched off, in the order of the rules, then by mode."""

    def add(self, ablations: Mapping[str, Mapping[str, Score]]) -> None:
        """Add those of another partition."""
        for rule, by_mode in ablations.items():
            sums = self.scores.setdefault(rule, {mode: Score() for mode in MODES})
            for mode, score in by_mode.items():
                sums[mode].add(score)

    def as_json(self, complete: Mapping[str, Score]) -> list[dict[str, Any]]:
        """As in `fidelity.json`; `complete` has the scores with all rules, by mode."""
        for by_mode in self.scores.values():
            for mode, score in by_mode.items():
                # A sum of fractions that no rule changes: taken from where it was added up in the
                # order of partitions, so that the order of their ends does not show.
                score.contested_random = complete[mode].contested_random
        return [
            {"rule": rule, **{mode: by_mode[mode].as_json() for mode in MODES}}
            for rule, by_mode in self.scores.items()
        ]


@dataclass
class Sums:
    """What a replay sums as partitions come in, and keeps of none of them."""

    ablations: Ablations = field(default_factory=Ablations)
    hidden: HiddenOrders = field(default_factory=HiddenOrders)

    def add(self, outcome: ReplayOutcome) -> ReplayOutcome:
        """Add what is summed of a partition; returns the rest of it."""
        self.ablations.add(outcome.ablations)
        self.hidden.add(outcome.score.hidden)
        score = replace(outcome.score, hidden=HiddenOrders())
        return replace(outcome, ablations={}, score=score)


@dataclass
class Fidelity:
    """The scores of partitions, to be added ascending by date and security."""

    hidden: HiddenOrders = field(default_factory=HiddenOrders)
    dual_posted: DualPosted = field(default_factory=DualPosted)
    total: dict[str, Score] = field(
        default_factory=lambda: {mode: Score(detail=Detail()) for mode in MODES}
    )
    partitions: list[dict[str, Any]] = field(default_factory=list)

    def add(self, key: Partition, score: PartitionScore) -> None:
        """Add those of another partition."""
        for mode in MODES:
            self.total[mode].add(score.scores[mode])
        self.hidden.add(score.hidden)
        self.dual_posted.add(score.dual_posted)
        scores = {mode: score.scores[mode].as_json() for mode in MODES}
        self.partitions.append({**key._asdict(), **scores, "misses": score.misses})

    def as_json(self) -> dict[str, Any]:
        """The document of a run; numbers are not rounded."""
        hidden = {"one_in": ONE_IN, **self.hidden.as_json()} if self.hidden.orders else None
        return {
            "total": {mode: self.total[mode].as_json() for mode in MODES},
            "partitions": self.partitions,
            "hide_and_predict": hidden,
            "dual_posted": self.dual_posted.as_json(),
        }


def replay_document(
    partitions: Sequence[PartitionSummary], sums: Sums, assumptions: Sequence[str]
) -> dict[str, Any]:
    """The document of a replay; partitions ascending by date and security, failed ones left out."""
    fidelity = Fidelity(sums.hidden)
    for partition in partitions:
        if partition.replay is not None:
            fidelity.add(Partition(partition.date, partition.security), partition.replay.score)
    document = fidelity.as_json()
    more = {name: document.pop(name) for name in ("hide_and_predict", "dual_posted")}
    return document | {
        "ablations": sums.ablations.as_json(fidelity.total),
        "assumptions": list(assumptions),
        **more,
    }


def is_scored(manifest: Mapping[str, Any]) -> bool:
    """Whether every partition that a manifest covers has a score, and there are some."""
    settings = manifest["settings"]
    # The first manifests do not say it.
    is_replayed = settings.get("replay", {"value": False})["value"]
    return bool(
        is_replayed and CENTRE_POINT in settings["models"]["value"] and any(_covered(manifest))
    )


def run_document(layout: OutputLayout, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a run, from what its partitions have left; one of them at a time.

    Raises
    ------
    InputError
        The score of a partition cannot be read.
    """
    fidelity = Fidelity()
    for key in _covered(manifest):
        try:
            fidelity.add(key, read_score(layout, key))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                "The score of a partition cannot be read.",
                where=layout.relative(layout.score(*key)),
                value=str(error),
                cure="Run the same command again: it makes anew what is not whole.",
            ) from error
    return fidelity.as_json()


def write_fidelity(staging: OutputLayout, document: Mapping[str, Any]) -> dict[str, str]:
    """Write the document of a run below `staging`; returns its name and digest."""
    return {staging.relative(staging.fidelity): write_json(staging.fidelity, document)}


def errors_in(document: Mapping[str, Any]) -> FloatArray:
    """How wrong the book is that scenarios are played in, float64[`PREDICTED`]; see `book_errors`.

    It runs freely, as they do.
    """
    by_event = [one[FREE]["by_event"] for one in document["partitions"]]
    counts = np.array(
        [
            [[events[name][count] for name in PREDICTED] for events in by_event]
            for count in ("tape", "predicted", "hits")
        ],
        dtype=np.int64,
    ).reshape(3, -1, len(PREDICTED))
    return book_errors(*counts)


def _covered(manifest: Mapping[str, Any]) -> Iterable[Partition]:
    return (Partition(p["date"], p["security"]) for p in manifest["partitions"] if p["covered"])
