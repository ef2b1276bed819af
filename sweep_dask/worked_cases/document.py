"""A JSON document of cases: reading its members, and saying exactly what is wrong with one."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

from sweep_dask.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence


T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where in which file a value stands; `str()` is what a message shows."""

    source: str
    case: str = ""
    path: str = ""

    def member(self, name: str) -> Self:
        """The member of that name of the object that stands here."""
        return replace(self, path=f"{self.path}.{name}" if self.path else name)

    def item(self, position: int) -> Self:
        """The item of the list that stands here; the first is 0."""
        return replace(self, path=f"{self.path}[{position}]")

    def __str__(self) -> str:
        parts = (self.source, f"case {self.case}" if self.case else "", self.path)
        return ", ".join(part for part in parts if part)

    def error(self, found: object, expected: str) -> InputError:
        """The error for a value that is not what it should be."""
        name = self.path or "the document"
        return InputError(
            f"{name} is not as the case format asks.",
            where=str(self),
            value=found,
            cure=f"expected: {expected}",
        )


class Members:
    """The members of one JSON object, asked for by name.

    An InputError if it is no object, or has a member that is not among the `known`.
    """

    def __init__(self, value: object, place: Place, known: Collection[str]) -> None:
        if not isinstance(value, dict):
            raise place.error(value, f"an object with members such as {', '.join(known)}")
        for name in value:
            if name not in known:
                raise InputError(
                    f"{place.member(name).path} is unknown.",
                    where=str(place),
                    value=name,
                    cure=f"did you mean {nearest(name, known)}?",
                )
        self.value: Mapping[str, object] = value
        self.place = place

    def required(self, name: str, read: Callable[[object, Place], T]) -> T:
        """A member that must be there."""
        place = self.place.member(name)
        if name not in self.value:
            raise InputError(
                f"{place.path} is missing.",
                where=str(self.place),
                cure=f"add {name!r}; members here: {', '.join(self.value) or 'none'}",
            )
        return read(self.value[name], place)

    def optional(self, name: str, read: Callable[[object, Place], T], default: T) -> T:
        """A member that may be absent or null."""
        value = self.value.get(name)
        return default if value is None else read(value, self.place.member(name))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`."""
    return difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)[0]


def any_value(value: object, place: Place) -> object:  # noqa: ARG001  a reader like the others
    """Whatever stands there."""
    return value


def text(value: object, place: Place) -> str:
    """A text."""
    if not isinstance(value, str):
        raise place.error(value, "a text")
    return value


def flag(value: object, place: Place) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise place.error(value, "true or false")
    return value


def whole_number(smallest: int) -> Callable[[object, Place], int]:
    """A reader of whole numbers, not below the smallest."""
    expected = f"a whole number from {smallest:,} up"

    def read(value: object, place: Place) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not smallest <= value < 2**62:
            raise place.error(value, expected)
        return value

    return read


def positive_number(value: object, place: Place) -> int | float:
    """A number above zero, whole or not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**50:
        raise place.error(value, "a number above 0")
    return value


def identifier(value: object, place: Place) -> int | str:
    """The id of an order: a whole number or a text that is not empty."""
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise place.error(value, "an id: a whole number or a text")
    return value


def choice(options: Mapping[str, T]) -> Callable[[object, Place], T]:
    """A reader of one of several words; it returns what the word stands for."""

    def read(value: object, place: Place) -> T:
        if not isinstance(value, str) or value not in options:
            hint = f"; did you mean {nearest(value, options)}?" if isinstance(value, str) else ""
            raise place.error(value, f"one of {', '.join(options)}{hint}")
        return options[value]

    return read


def list_of(read: Callable[[object, Place], T]) -> Callable[[object, Place], tuple[T, ...]]:
    """A reader of lists."""

    def read_all(value: object, place: Place) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise place.error(value, "a list")
        return tuple(read(item, place.item(position)) for position, item in enumerate(value))

    return read_all


class RawCase(NamedTuple):
    """A case before it is read, with the id that names it in messages."""

    id: str
    value: object
    place: Place


def read_document(document: str, source: str) -> list[RawCase]:
    """The cases of a JSON text, in its order; a case without an id is named by its position.

    An InputError if it is no JSON, has no case, or two of one id.
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
    """The case of that id, None: all of them; else a UsageError suggests the nearest ids."""
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
