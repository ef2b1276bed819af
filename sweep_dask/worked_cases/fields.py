"""Reading the members of a JSON document, and saying exactly what is wrong with one."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeVar

from sweep_dask.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping


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

    Raises
    ------
    InputError
        The value is no object, or has a member that none of the `known` names.
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


def whole_number(smallest: int | None = None) -> Callable[[object, Place], int]:
    """A reader of whole numbers, not below the smallest."""
    expected = "a whole number" + ("" if smallest is None else f" from {smallest:,} up")

    def read(value: object, place: Place) -> int:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not -(2**62) < value < 2**62:  # type: ignore[operator]
            raise place.error(value, expected)
        number: int = value  # type: ignore[assignment]
        if smallest is not None and number < smallest:
            raise place.error(value, expected)
        return number

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
