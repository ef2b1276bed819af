"""What a case expects against what came out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: A change reason that no source states is null in a case; any reason will do.
_REASON = 2


class Difference(NamedTuple):
    """A field of `expected` that came out otherwise."""

    field: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return (
            f"{self.field}\n"
            f"    expected {json.dumps(self.expected)}\n"
            f"    got      {json.dumps(self.got)}"
        )


def differences(expected: Mapping[str, Any], result: Mapping[str, Any]) -> list[Difference]:
    """The fields present in `expected` whose values are not those of the result."""
    found = []
    for field, wanted in expected.items():
        got = result.get(field, _ABSENT[field]())
        if not _EQUAL.get(field, _same)(wanted, got):
            found.append(Difference(field, wanted, got))
    return found


def _same(wanted: Any, got: Any) -> bool:
    return bool(json.loads(json.dumps(got)) == wanted)


def _same_named(wanted: Any, got: Mapping[str, int]) -> bool:
    """For each order that is named; one that never had the quantity has 0 of it."""
    if not isinstance(wanted, dict):
        return False
    return all(got.get(order, 0) == quantity for order, quantity in wanted.items())


def _same_cancelled(wanted: Any, got: list[list[Any]]) -> bool:
    if not isinstance(wanted, list) or len(wanted) != len(got):
        return False
    return all(_same_cancellation(row, made) for row, made in zip(wanted, got, strict=True))


def _same_cancellation(row: Any, made: list[Any]) -> bool:
    is_row = isinstance(row, list) and len(row) == len(made)
    return is_row and row[:_REASON] == made[:_REASON] and row[_REASON] in (None, made[_REASON])


_EQUAL: dict[str, Callable[[Any, Any], bool]] = {
    "maq": _same_named,
    "display": _same_named,
    "cancelled": _same_cancelled,
}
#: What a field is where it does not apply.
_ABSENT: dict[str, Callable[[], Any]] = dict.fromkeys(
    ("leaves", "maq", "lit_resting", "lit_leaves", "display"), dict
) | dict.fromkeys(
    (
        "trades",
        "trade_t",
        "both_passive",
        "rejected",
        "cancelled",
        "nbbo_end",
        "published",
        "extended",
        "auction_orders",
    ),
    list,
)


def check_line(case: str, has_expected: bool, found: list[Difference]) -> str:
    """One case's line, and one paragraph for each difference."""
    if not has_expected:
        return f"{case}: has no `expected`, nothing to check"
    if not found:
        return f"{case}: as expected"
    return "\n  ".join([f"{case}: differs", *map(str, found)])
