"""The score of one partition as JSON, in counts from which that of many can be added up, and back.

`fidelity.json` of a whole output has shares, medians and correlations, which cannot be added.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders, Times
from sweep_dask.analysis.centre_point.score import Confusion, Counts, Score
from sweep_dask.analysis.metrics.dual_posted import DualPosted

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        return {name: _plain(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> PartitionScore:
        """What `as_json` has given.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is of another form.
        """
        return cls(
            {mode: _counts(Score, score) for mode, score in document["scores"].items()},
            document["misses"],
            _counts(HiddenOrders, document["hidden"]),
            _counts(DualPosted, document["dual_posted"]),
        )


def _plain(value: Any) -> Any:
    """Counts by name, a Confusion is a list, times are pairs: JSON names are no numbers."""
    if not isinstance(value, dict | Counts):
        return value
    if isinstance(value, Confusion):
        return list(vars(value).values())
    if isinstance(value, Times):
        return [list(pair) for pair in sorted(value.counts.items())]
    fields_of = vars(value) if isinstance(value, Counts) else value
    return {name: _plain(one) for name, one in fields_of.items()}


def _counts(kind: Any, document: Any) -> Any:
    """Counts of a class from what `_plain` made of them."""
    if kind is Confusion:
        return Confusion(*document)
    if kind is Times:
        return Times(Counter(dict(document)))
    empty = kind()
    return kind(
        **{
            name: _field(hint, document[name], getattr(empty, name))
            for name, hint in _hints(kind).items()
        }
    )


def _field(hint: Any, document: Any, empty: Any) -> Any:
    """A field; one that has names from the beginning has these and no others."""
    if isinstance(hint, UnionType):
        return None if document is None else _counts(get_args(hint)[0], document)
    if get_origin(hint) is Counter:
        return Counter(document)
    if get_origin(hint) is dict:
        return {name: _counts(get_args(hint)[1], document[name]) for name in empty or document}
    return _counts(hint, document) if issubclass(hint, Counts) else document


_hints = cache(get_type_hints)
