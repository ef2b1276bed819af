"""Cells in other units, spelled as the extracts spell them: nanoseconds and 0.1 cent.

Text becomes other text, and only then a number, so nothing is rounded and nothing validated here:
what cannot be converted exactly stays what `cells` refuses. As there, one function is for the fast
path and one for the row-by-row path, and both must agree cell by cell.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from sweep_dask.schema import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

#: White space that may surround a number or a text.
SPACE = " \t\v\f\r"
ISO = "iso"

#: By how many decimal places a number has to move to be in the unit of the extracts.
_PLACES = {"ns": 0, "us": 3, "ms": 6, "s": 9, "tenth_cent": 0, "cent": 1, "dollar": 3}

_MISSING = r"-0*9223372036854775808"
_DECIMAL = r"(?P<sign>[+-]?)(?P<whole>[0-9]*)\.?(?P<fraction>[0-9]*)"
#: A date alone is midnight in UTC, as in the extracts' trade dates; an instant needs its offset.
_DATE = r"(?P<date>[12][0-9]{3}-[01][0-9]-[0-3][0-9])"
_LOCAL = (
    _DATE + r"[T ](?P<time>(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])"
    r"(?:[.,](?P<fraction>[0-9]{1,9}))?"
)
_INSTANT = (
    _LOCAL + r"(?P<offset> ?(?:Z|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3])"
    r"(?::?(?P<minutes>[0-5][0-9]))?))"
)
#: Where it is known whose ten o'clock it is.
_ZONED = f"{_INSTANT}?"
_MISSING_PATTERN = re.compile(_MISSING)
_DECIMAL_PATTERN = re.compile(_DECIMAL)
_DATE_PATTERN = re.compile(_DATE)
_INSTANT_PATTERN = re.compile(_INSTANT)
_ZONED_PATTERN = re.compile(_ZONED)

#: A character that no text has.
_ASIDE = "\ue000"
_SWAPPED = str.maketrans(".,", ",.")

_QUARTER_SECONDS = 900

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class UnparsableError(ValueError):
    """Some cell of a block is not what its column holds."""


class Unit(NamedTuple):
    """How the cells of a column are written."""

    word: str
    """`iso`, or a key of `_PLACES`."""
    decimal: str = "."
    """What stands before decimal places: `.` or `,`."""
    zone: str | None = None
    """That of times in ISO 8601 without an offset; None: they are no times."""


def unit_of(column: Column, units: Mapping[str, str]) -> Unit | None:
    """The unit in which a table's cells of `column` are written; None for that of the extracts.

    `units`: of the table, by `time` and `price`; `decimal` and `zone` besides.
    """
    if column.is_time:
        unit = Unit(units.get("time", "ns"), units.get("decimal", "."), units.get("zone"))
        return None if unit.word == "ns" else unit
    if column.kind is Kind.PRICE:
        unit = Unit(units.get("price", "tenth_cent"), units.get("decimal", "."))
        return None if unit == Unit("tenth_cent") else unit
    return None


def standard_cell(text: str, column: Column, unit: Unit | None) -> str | None:
    """`text` in the unit of the extracts; None if it has to be a time in ISO 8601 and is none."""
    if unit is None:
        return text
    trimmed = text.strip(SPACE)
    if trimmed == "" or _MISSING_PATTERN.fullmatch(trimmed):
        return trimmed
    if unit.word == ISO:
        return _iso_to_ns(trimmed, column, unit.zone)
    if unit.decimal == ",":
        # Each in the place of the other: a point may divide thousands, and is no decimal sign.
        trimmed = trimmed.translate(_SWAPPED)
    return _moved(trimmed, _PLACES[unit.word])


def _moved(text: str, places: int) -> str:
    match = _DECIMAL_PATTERN.fullmatch(text)
    if match is None or not match["whole"] + match["fraction"]:
        return text
    digits = match["fraction"].ljust(places, "0")
    rest = digits[places:].rstrip("0")
    return match["sign"] + match["whole"] + digits[:places] + ("." + rest if rest else "")


def _iso_to_ns(text: str, column: Column, zone: str | None) -> str | None:
    try:
        if is_trade_date(column) and _DATE_PATTERN.fullmatch(text):
            return str(_seconds(text, "00:00:00") * 10**9)
        match = (_ZONED_PATTERN if zone else _INSTANT_PATTERN).fullmatch(text)
        if match is None:
            return None
        seconds = _seconds(match["date"], match["time"])
        if zone and match["offset"] is None:
            seconds -= _zone_offset_seconds(_EPOCH + dt.timedelta(seconds=seconds), zone)
        else:
            seconds -= _offset_seconds(match)
    except (ValueError, OverflowError):  # the 30th of February, an hour that is there twice
        return None
    return str(seconds * 10**9 + int((match["fraction"] or "").ljust(9, "0")))


def _offset_seconds(match: re.Match[str]) -> int:
    east = int(match["hours"] or 0) * 3600 + int(match["minutes"] or 0) * 60
    return -east if match["sign"] == "-" else east


def _seconds(date: str, time: str) -> int:
    instant = dt.datetime.fromisoformat(f"{date}T{time}+00:00")
    return (instant - _EPOCH) // dt.timedelta(seconds=1)


def _zone_offset_seconds(local: dt.datetime, zone: str) -> int:
    """ValueError where clocks change: a time that is there twice, or never, is no instant."""
    first = local.replace(tzinfo=ZoneInfo(zone))
    offset = first.utcoffset()
    if offset is None or offset != first.replace(fold=1).utcoffset():
        raise ValueError(local)
    return int(offset.total_seconds())


def is_trade_date(column: Column) -> bool:
    """Whether a cell may be a date alone, which is its midnight in UTC."""
    return column.name.casefold() == "tradedate"


def standard_cells(text: pa.Array, column: Column, unit: Unit) -> pa.Array:
    """The same of many cells at once.

    Raises UnparsableError: some cell has to be a time in ISO 8601 and is none.
    """
    trimmed = pc.utf8_trim(text, SPACE)
    is_spoken = pc.or_(pc.equal(trimmed, ""), pc.match_substring_regex(trimmed, f"^{_MISSING}$"))
    cells = pc.if_else(is_spoken, None, trimmed)
    if unit.word == ISO:
        return pc.coalesce(_instants(cells, column, unit.zone), trimmed)
    cells = _swapped(cells) if unit.decimal == "," else cells
    return pc.coalesce(_moved_cells(cells, _PLACES[unit.word]), cells, trimmed)


def _swapped(cells: pa.Array) -> pa.Array:
    """Commas for points and points for commas."""
    for old, new in ((".", _ASIDE), (",", "."), (_ASIDE, ",")):
        cells = pc.replace_substring(cells, old, new)
    return cells


def _moved_cells(cells: pa.Array, places: int) -> pa.Array:
    """Null where a cell is no number."""
    parts = pc.extract_regex(cells, f"^{_DECIMAL}$")
    sign, whole, fraction = (pc.struct_field(parts, name) for name in ("sign", "whole", "fraction"))
    digits = pc.utf8_rpad(fraction, places, "0")
    rest = pc.utf8_rtrim(pc.utf8_slice_codeunits(digits, places), "0")
    tail = pc.if_else(pc.equal(rest, ""), "", pc.binary_join_element_wise(".", rest, ""))
    head = pc.utf8_slice_codeunits(digits, 0, places)
    has_digits = pc.not_equal(pc.binary_join_element_wise(whole, fraction, ""), "")
    moved = pc.binary_join_element_wise(sign, whole, head, tail, "")
    return pc.if_else(has_digits, moved, None)


def _instants(cells: pa.Array, column: Column, zone: str | None) -> pa.Array:
    """Null where there is no cell."""
    if is_trade_date(column):
        is_date = pc.match_substring_regex(cells, f"^{_DATE}$")
        midnight = pc.binary_join_element_wise(cells, "T00:00:00Z", "")
        cells = pc.if_else(is_date, midnight, cells)
    parts = pc.extract_regex(cells, f"^{_ZONED if zone else _INSTANT}$")
    if parts.null_count != cells.null_count:
        raise UnparsableError
    part = {name: pc.struct_field(parts, name) for name in _INSTANT_PATTERN.groupindex}
    east = pc.add(
        pc.multiply(_integers(part["hours"]), 3600), pc.multiply(_integers(part["minutes"]), 60)
    )
    offset = pc.if_else(pc.equal(part["sign"], "-"), pc.negate(east), east)
    fraction = _integers(pc.utf8_rpad(part["fraction"], 9, "0"))
    instant = pc.binary_join_element_wise(part["date"], part["time"], "T")
    try:
        local = pc.cast(instant, pa.timestamp("s"))
        seconds = pc.subtract(local.cast(pa.int64()), offset)
        if zone:
            has_none = pc.equal(part["offset"], "")
            zoned = _in_zone(pc.if_else(has_none, local, None), zone)
            seconds = pc.if_else(has_none, zoned, seconds)
        ns = pc.add_checked(pc.multiply_checked(seconds, 10**9), fraction)
    except pa.ArrowInvalid as error:  # the 30th of February, a year that nanoseconds do not reach
        raise UnparsableError from error
    return pc.cast(ns, pa.string())


def _in_zone(local: pa.Array, zone: str) -> pa.Array:
    """Seconds since the epoch, by quarters of an hour: clocks change at none of their inside."""
    quarters = pc.divide(local.cast(pa.int64()), _QUARTER_SECONDS).dictionary_encode()
    starts = [_QUARTER_SECONDS * quarter for quarter in quarters.dictionary.to_pylist()]
    try:
        offsets = [_zone_offset_seconds(_EPOCH + dt.timedelta(seconds=s), zone) for s in starts]
    except (ValueError, OverflowError) as error:
        raise UnparsableError from error
    offset = pa.array(offsets, pa.int64()).take(quarters.indices)
    return pc.subtract(local.cast(pa.int64()), offset)


def _integers(digits: pa.Array) -> pa.Array:
    """Zero where there are none."""
    return pc.cast(pc.if_else(pc.equal(digits, ""), "0", digits), pa.int64())
