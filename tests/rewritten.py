"""Raw markets written otherwise than the exchange does, cell by cell, in whole numbers."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
from decimal import Decimal
from pathlib import Path

from sweep_dask.schema import BY_NAME, Kind


def rewrite(source, target, *, cell=None, delimiter=",", header=True, tables=()):
    """Copy an input folder as plain CSV.

    Parameters
    ----------
    cell
        Takes column of the schema and text, returns the text to write.
    tables
        The tables that are rewritten, the others are copied; none stands for all.
    """
    for path in sorted(Path(source).glob("*/*.csv*")):
        table = path.parent.name
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if not tables or table in tables:
            text = _rewritten(text.decode(), BY_NAME[table], cell, delimiter, header).encode()
        copy = target / table / path.name.removesuffix(".gz")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(text)
    return target


def _rewritten(text, table, cell, delimiter, header):
    names, *rows = csv.reader(text.splitlines(), skipinitialspace=True)
    known = {column.name.casefold(): column for column in table.columns}
    columns = [known.get(name.strip().casefold()) for name in names]
    lines = [names] if header else []
    lines += [
        [
            old if cell is None or column is None else cell(column, old)
            for column, old in zip(columns, row, strict=True)
        ]
        for row in rows
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(lines)
    return text.getvalue()


def divided(places, *, only=None):
    """Prices in a unit of ten to this many price units, exactly."""

    def cell(column, text):
        if column.kind is not Kind.PRICE or not text.strip() or (only and column.name not in only):
            return text
        return f"{Decimal(text).scaleb(-places):f}"

    return cell


def whole_times(divisor):
    """Times in a unit of so many nanoseconds, cut to whole numbers of it."""
    return lambda column, text: str(int(text) // divisor) if column.is_time else text


def iso_times(column, text):
    """Times in ISO 8601 with nine decimal places and the offset of Sydney's winter."""
    if not column.is_time or not text.strip() or int(text) == 0:
        return text
    ns = int(text)
    local = dt.datetime.fromtimestamp(ns // 10**9, tz=dt.timezone(dt.timedelta(hours=10)))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09d}{local:%z}"


def through_a_double(*names):
    """What becomes of whole numbers in a program that reads them as floating point."""
    return lambda column, text: str(int(float(text))) if column.name in names else text
