"""What is accepted as the value of an option: each parser raises ValueError with the words for it.

A parser takes text, as on the command line, or a value of the right type.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sweep_dask.locations import location_of
from sweep_dask.memory import parse_bytes
from sweep_dask.settings.known_names import suggestion
from sweep_dask.terms.units import BPS

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: Letters and digits, a letter among them.
_TICKER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{2,8}")

#: Above all that a machine has: what is counted or measured fits an integer of 64 bits.
_LARGEST = 2**63 - 1
_LARGEST_GIB = 2**33
#: Decades, and few enough for a clock in nanoseconds.
_LARGEST_SECONDS = 10**9

_BOOLEANS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(
    ("0", "false", "no", "off"), False
)


def parse_size(value: object) -> int:
    """A number of bytes above zero."""
    accepted = "a size above zero such as 65536, 64KiB or 1.5 GB"
    try:
        size_bytes = parse_bytes(str(value))
    except ValueError as error:
        raise ValueError(accepted) from error
    if not 0 < size_bytes <= _LARGEST:
        raise ValueError(accepted)
    return size_bytes


def parse_integer(value: object) -> int:
    """A whole number of 64 bits."""
    # By way of text, so that 2.5 and True are no whole numbers and no digit is lost.
    try:
        number = int(str(value))
    except ValueError as error:
        raise ValueError("a whole number") from error
    if abs(number) > _LARGEST:
        raise ValueError(f"a whole number up to {_LARGEST}")
    return number


def parse_seconds(value: object) -> int:
    """A whole number of seconds above zero."""
    seconds = parse_integer(value)
    if not 0 < seconds <= _LARGEST_SECONDS:
        raise ValueError(f"a whole number of seconds above zero, up to {_LARGEST_SECONDS:,}")
    return seconds


def parse_count(value: object) -> int:
    """A whole number above zero."""
    count = parse_integer(value)
    if count <= 0:
        raise ValueError("a whole number above zero")
    return count


def parse_boolean(value: object) -> bool:
    """One of the words for true and false, in any case."""
    text = str(value).strip().casefold()
    if text not in _BOOLEANS:
        raise ValueError("true or false (1, 0, yes, no, on, off)")
    return _BOOLEANS[text]


def _parse_number(value: object, fits: Callable[[float], bool], accepted: str) -> float:
    try:
        number = float(str(value))
    except ValueError as error:
        raise ValueError(accepted) from error
    if not fits(number):
        raise ValueError(accepted)
    return number


def parse_fraction(value: object) -> float:
    """A number from 0 to 1."""
    return _parse_number(value, lambda number: 0 <= number <= 1, "a fraction from 0 to 1")


def parse_basis_points(value: object) -> float:
    """A number from zero on, no more than all."""
    return _parse_number(
        value, lambda number: 0 <= number <= BPS, f"basis points from 0 to {BPS:,}"
    )


def parse_gigabytes(value: object) -> float:
    """A number above zero, whose bytes can be counted."""
    accepted = f"a number above zero, below {_LARGEST_GIB:,}"
    return _parse_number(value, lambda number: 0 < number < _LARGEST_GIB, accepted)


def parse_text(value: object) -> str:
    """Text or a path, not empty."""
    text = str(value).strip()
    if not text or not isinstance(value, str | Path):
        raise ValueError("text that is not empty")
    return text


def parse_path(value: object) -> Path:
    """A path, which need not exist; manifest and report hold it as UTF-8."""
    path = Path(parse_text(value))
    try:
        str(path.absolute()).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("a path whose names, and those of the folders above, are UTF-8") from error
    return path


def parse_location(value: object) -> Path:
    """A path, or a URL of an object store; one that cannot be used is a `UsageError`."""
    parse_path(value)  # what holds of a path holds of an address, too
    return location_of(parse_text(value))


def parse_existing_file(folder: Path, value: object) -> Path:
    """A path, as given, of a file that exists; a relative one begins in `folder`."""
    path = parse_path(value)
    if not (folder / path).exists() or (folder / path).is_dir():
        raise ValueError("an existing file")
    return path


def parse_address(value: object) -> str:
    """HOST:PORT. Without a host it is this machine alone: an open port is asked for by name."""
    host, _, port = str(value).strip().rpartition(":")
    is_port = port.isascii() and port.isdigit() and int(port) < 2**16
    # Without brackets nobody can tell where an IPv6 address ends.
    if not is_port or (":" in host and not (host.startswith("[") and host.endswith("]"))):
        raise ValueError("HOST:PORT, such as 127.0.0.1:8787 or [::1]:8787")
    return f"{host or '127.0.0.1'}:{port}"


def parse_date(value: object) -> str:
    """An ISO date as text, which is how dates name partitions."""
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError("dates as 2024-09-05, separated by commas")


def parse_security(value: object) -> int | str:
    """An order book id, or a ticker in capital letters."""
    text = str(value).strip()
    if _TICKER.fullmatch(text):
        return text.upper()
    try:
        return parse_integer(value)
    except ValueError as error:
        raise ValueError("order book ids or tickers, separated by commas") from error


def parse_column_names(value: object) -> dict[str, dict[str, str]]:
    """By table and column, the name in a file."""
    match value:
        case dict() if all(isinstance(names, dict) for names in value.values()):
            return {
                str(table): {str(column): parse_text(name) for column, name in names.items()}
                for table, names in value.items()
            }
    raise ValueError("for each table a mapping of a column to its name in a file")


#: What cells may be written in, besides the units of the extracts, which come first.
UNITS = {
    "time": ("ns", "us", "ms", "s", "iso"),
    "price": ("tenth_cent", "cent", "dollar"),
    "decimal": (".", ","),
}

#: What may stand between two fields, by the word for it.
DELIMITERS = {",": ",", ";": ";", "|": "|", "tab": "\t"}


def parse_units(value: object) -> dict[str, dict[str, str]]:
    """By table, the units of its times and prices, its decimal sign and its time zone."""
    match value:
        case dict() if all(isinstance(units, dict) for units in value.values()):
            units = {str(table): dict(chosen) for table, chosen in value.items()}
            if all(_is_unit(kind, word) for of in units.values() for kind, word in of.items()):
                return units
    accepted = "; ".join(f"{kind}: {' '.join(words)}" for kind, words in UNITS.items())
    raise ValueError(
        f"for each table a mapping of {accepted}; zone: one of the time zone database, such as "
        "Australia/Sydney"
    )


def _is_unit(kind: object, word: object) -> bool:
    if kind != "zone":
        return word in UNITS.get(str(kind), ())
    try:
        return bool(ZoneInfo(str(word)))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def parse_header(value: object) -> dict[str, tuple[str, ...]]:
    """By table, the names of all fields, in the order of the file."""
    match value:
        case dict() if all(isinstance(names, list | tuple) and names for names in value.values()):
            return {str(table): tuple(map(parse_text, names)) for table, names in value.items()}
    raise ValueError("for each table a list of names, one for each field")


def parse_cell_values(value: object) -> dict[str, dict[str, dict[str, str]]]:
    """By table and column, what to write for a text."""
    match value:
        case dict() if all(isinstance(columns, dict) for columns in value.values()):
            if all(isinstance(of, dict) for columns in value.values() for of in columns.values()):
                return {
                    str(table): {
                        str(column): {str(old): str(new) for old, new in of.items()}
                        for column, of in columns.items()
                    }
                    for table, columns in value.items()
                }
    raise ValueError("for each table and column a mapping of a text to what is written for it")


def parse_delimiter(value: object) -> str | dict[str, str]:
    """The word for a delimiter: for all tables, or by table."""
    if isinstance(value, dict):
        return {str(table): _delimiter_word(word) for table, word in value.items()}
    return _delimiter_word(value)


def _delimiter_word(value: object) -> str:
    text = str(value)
    word = "tab" if text in ("\t", "\\t") else text.strip()
    if word not in DELIMITERS:
        raise ValueError(f"{' '.join(DELIMITERS)}, for all tables or for each of a mapping")
    return word


def one_of(*choices: str) -> Callable[[object], str]:
    """A parser of one of several words."""

    def parse(value: object) -> str:
        text = str(value).strip()
        if text not in choices:
            raise ValueError(" or ".join(choices) + suggestion(text, choices))
        return text

    return parse


def or_auto(parse: Callable[[object], T]) -> Callable[[object], T | None]:
    """None for "auto", which settles the matter: sources further down are not asked."""

    def parse_or_auto(value: object) -> T | None:
        if isinstance(value, str) and value.strip().casefold() == "auto":
            return None
        try:
            return parse(value)
        except ValueError as error:
            raise ValueError(f"{error}, or auto") from error

    return parse_or_auto


def several(parse: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """A list, text with commas, or one value; each value once, in the order given."""

    def parse_several(value: object) -> tuple[T, ...]:
        items = value if isinstance(value, list | tuple) else [value]
        parts = [
            part
            for item in items
            for part in (item.split(",") if isinstance(item, str) else [item])
        ]
        return tuple(dict.fromkeys(parse(part) for part in parts or [""]))

    return parse_several
