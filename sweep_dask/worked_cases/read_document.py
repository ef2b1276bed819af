"""A document of one case or of several: `{"cases": [...]}`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.errors import InputError, UsageError
from sweep_dask.worked_cases.fields import Members, Place, any_value, list_of, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence


class RawCase(NamedTuple):
    """A case before it is read, with the id that names it in messages."""

    id: str
    value: object
    place: Place


def read_document(document: str, source: str) -> list[RawCase]:
    """The cases of a JSON text, in its order; a case without an id is named by its position.

    Raises
    ------
    InputError
        No JSON, or no case in it; two cases of one id.
    """
    place = Place(source)
    value = _parse(document, place)
    if not isinstance(value, dict):
        raise place.error(type(value).__name__, 'one case, or {"cases": [...]}')
    if "cases" not in value:
        return [_raw_case(value, place, 0)]
    members = Members(value, place, ("cases", "description", "conventions", "note"))
    listed = members.required("cases", list_of(any_value))
    within = place.member("cases")
    if not listed:
        raise within.error([], "at least one case")
    raws = [_raw_case(raw, within.item(position), position) for position, raw in enumerate(listed)]
    _require_distinct(raws)
    return raws


def _parse(document: str, place: Place) -> object:
    try:
        return json.loads(document, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{place.source} is no JSON document: {error}.",
            where=place.source,
            cure='give one case, or {"cases": [...]}, as JSON',
        ) from error


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; a repeated name would silently hide a value."""
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"an object has the member {name!r} twice")
        members[name] = value
    return members


def _raw_case(value: object, place: Place, position: int) -> RawCase:
    written = value.get("id") if isinstance(value, dict) else None
    label = str(written) if isinstance(written, str | int) else f"#{position + 1}"
    return RawCase(label, value, replace(place, case=label))


def _require_distinct(raws: Sequence[RawCase]) -> None:
    first: dict[str, RawCase] = {}
    for raw in raws:
        if raw.id in first:
            expected = f"an id of its own ({first[raw.id].place.path} has this one)"
            raise raw.place.member("id").error(raw.id, expected)
        first[raw.id] = raw


def select(raws: Sequence[RawCase], wanted: str | None) -> list[RawCase]:
    """The case of that id; None: all of them.

    Raises
    ------
    UsageError
        There is no such case; the nearest ids are suggested.
    """
    if wanted is None:
        return list(raws)
    found = [raw for raw in raws if raw.id == wanted]
    if not found:
        ids = [raw.id for raw in raws]
        raise UsageError(
            f"There is no case {wanted!r}.",
            where="--case",
            value=wanted,
            cure=f"did you mean {nearest(wanted, ids)}? There are: {_listed(ids)}",
        )
    return found


def _listed(ids: Sequence[str], most: int = 12) -> str:
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return ", ".join(ids[:most]) + more
