"""The score of one partition as JSON, in counts from which that of many can be added up, and back.

`fidelity.json` of a whole output has shares, medians and correlations, which cannot be added.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders, Outcome, Reliability, Times
from sweep_dask.analysis.centre_point.score import DarkSweeps, Detail, Score, Tallies, Tally
from sweep_dask.analysis.metrics.dual_posted import DualPosted
from sweep_dask.terms.score import EVENTS, KINDS, OUTCOMES, TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Fields of a score.
_TALLIES = ("all", "quantity", "within_1ms")
_NUMBERS = ("reachable", "contested", "contested_hits", "contested_random")


@dataclass(frozen=True)
class PartitionScore:
    """How well the book reproduces the tape of one partition."""

    scores: dict[str, Score] = field(default_factory=dict)
    """By mode."""
    misses: list[dict[str, Any]] = field(default_factory=list)
    """Matches on the tape that the resync mode did not predict: columns `MISSES`."""
    hidden: HiddenOrders = field(default_factory=HiddenOrders)
    """What was predicted of orders that were hidden."""
    dual_posted: DualPosted = field(default_factory=DualPosted)
    """Sweeps that really were dual-posted, and others of the same kind."""

    def as_json(self) -> dict[str, Any]:
        """Counts only, none of them rounded."""
        return {
            "scores": {mode: _of_score(score) for mode, score in self.scores.items()},
            "misses": self.misses,
            "hidden": _of_hidden(self.hidden),
            "dual_posted": asdict(self.dual_posted),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> PartitionScore:
        """What `as_json` has given.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is of another form.
        """
        scores = {mode: _score(score) for mode, score in document["scores"].items()}
        hidden, dual_posted = _hidden(document["hidden"]), DualPosted(**document["dual_posted"])
        return cls(scores, document["misses"], hidden, dual_posted)


def _of_tally(tally: Tally) -> list[int]:
    return [tally.tape, tally.predicted, tally.hits]


def _of_each(tallies: Mapping[str, Tally]) -> dict[str, list[int]]:
    return {name: _of_tally(tally) for name, tally in tallies.items()}


def _each(document: Mapping[str, Any], names: Iterable[str]) -> dict[str, Tally]:
    return {name: Tally(*document[name]) for name in names}


def _of_score(score: Score) -> dict[str, Any]:
    return {
        **{name: _of_tally(getattr(score, name)) for name in _TALLIES},
        "by_trigger": _of_each(score.by_trigger),
        **{name: getattr(score, name) for name in _NUMBERS},
        "detail": None if score.detail is None else _of_detail(score.detail),
    }


def _score(document: Mapping[str, Any]) -> Score:
    detail = document["detail"]
    tallies: dict[str, Any] = _each(document, _TALLIES)
    return Score(
        **tallies,
        by_trigger=_each(document["by_trigger"], TRIGGERS),
        **{name: document[name] for name in _NUMBERS},
        detail=None if detail is None else _detail(detail),
    )


def _of_detail(detail: Detail) -> dict[str, Any]:
    return {
        "dark_sweeps": vars(detail.dark_sweeps),
        "book": _of_tallies(detail.book),
        "random_priority": _of_tallies(detail.random_priority),
    }


def _detail(document: Mapping[str, Any]) -> Detail:
    by_book, by_lot = (_tallies(document[name]) for name in ("book", "random_priority"))
    return Detail(DarkSweeps(**document["dark_sweeps"]), by_book, by_lot)


def _of_tallies(tallies: Tallies) -> dict[str, Any]:
    return {
        "all": _of_tally(tallies.all),
        "by_event": _of_each(tallies.by_event),
        "by_kind": _of_each(tallies.by_kind),
    }


def _tallies(document: Mapping[str, Any]) -> Tallies:
    by_event, by_kind = _each(document["by_event"], EVENTS), _each(document["by_kind"], KINDS)
    return Tallies(Tally(*document["all"]), by_event, by_kind)


def _of_hidden(hidden: HiddenOrders) -> dict[str, Any]:
    return {
        name: {until: _of_reliability(one) for until, one in by_lifetime.items()}
        for name, by_lifetime in vars(hidden).items()
    }


def _hidden(document: Mapping[str, Any]) -> HiddenOrders:
    return HiddenOrders(
        **{
            name: {until: _reliability(one) for until, one in by_lifetime.items()}
            for name, by_lifetime in document.items()
        }
    )


def _of_reliability(reliability: Reliability) -> dict[str, Any]:
    return {
        "outcomes": {name: vars(outcome) for name, outcome in reliability.outcomes.items()},
        "squares": dict(reliability.squares),
        "uncancelled_right": reliability.uncancelled_right,
        "predicted_times": _of_times(reliability.predicted_times),
        "real_times": _of_times(reliability.real_times),
    }


def _reliability(document: Mapping[str, Any]) -> Reliability:
    return Reliability(
        {name: Outcome(**document["outcomes"][name]) for name in OUTCOMES},
        Counter(document["squares"]),
        document["uncancelled_right"],
        _times(document["predicted_times"]),
        _times(document["real_times"]),
    )


def _of_times(times: Times) -> list[list[int]]:
    """Pairs: JSON has no whole numbers for names."""
    return [list(pair) for pair in sorted(times.counts.items())]


def _times(pairs: Iterable[tuple[int, int]]) -> Times:
    return Times(Counter(dict(pairs)))
