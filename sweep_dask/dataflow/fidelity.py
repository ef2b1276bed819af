"""The scores of all partitions as `fidelity.json` (contract)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.fidelity import Score, total
from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders
from sweep_dask.analysis.centre_point.hide_and_predict import ONE_IN
from sweep_dask.analysis.centre_point.replay import FREE, RESYNC
from sweep_dask.analysis.centre_point.score_detail import Detail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.partition import PartitionSummary
    from sweep_dask.partition.job import ReplayOutcome

MODES = (RESYNC, FREE)


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
        """As in `fidelity.json`.

        Parameters
        ----------
        complete
            The scores with all rules, by mode.
        """
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
    """What is summed as partitions come in, and kept of none of them."""

    ablations: Ablations = field(default_factory=Ablations)
    hidden: HiddenOrders = field(default_factory=HiddenOrders)

    def add(self, replay: ReplayOutcome) -> ReplayOutcome:
        """Add what is summed of a partition; returns the rest of it."""
        self.ablations.add(replay.ablations)
        if replay.hidden is not None:
            self.hidden.add(replay.hidden)
        return replace(replay, ablations={}, hidden=None)

    def hidden_as_json(self) -> dict[str, Any] | None:
        """As in `fidelity.json`; None if no order was hidden."""
        return {"one_in": ONE_IN, **self.hidden.as_json()} if self.hidden.orders else None


def fidelity_document(
    partitions: Sequence[PartitionSummary], sums: Sums, assumptions: Sequence[str]
) -> dict[str, Any]:
    """The document; numbers are not rounded.

    Parameters
    ----------
    partitions
        Ascending by date and security; failed ones are not in it.
    """
    replayed = [(p, p.replay) for p in partitions if p.replay is not None]
    complete = {
        mode: total((replay.scores[mode] for _, replay in replayed), Detail()) for mode in MODES
    }
    return {
        "total": {mode: complete[mode].as_json() for mode in MODES},
        "partitions": [
            {
                "date": partition.date,
                "security": partition.security,
                **{mode: replay.scores[mode].as_json() for mode in MODES},
                "misses": replay.misses,
            }
            for partition, replay in replayed
        ],
        "ablations": sums.ablations.as_json(complete),
        "assumptions": list(assumptions),
        "hide_and_predict": sums.hidden_as_json(),
    }
