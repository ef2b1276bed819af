"""What the path of a raw file says: whose table it is, and in which form the files of a table lie.

A table's files lie in the folder of its name, in any case, with folders of dates above or below
it; or flat, with the table's name as a word of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sweep_dask.schema import BY_NAME
from sweep_dask.storage.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

#: As Hive names folders, `date=2024-09-05`, or without.
_KEY = r"(?:[A-Za-z_]+=)?"
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
#: Also the year, or year and month, above the rest.
_DATE = re.compile(rf"{_KEY}{_YEAR}(?:-?{_MONTH}(?:-?{_DAY})?|/{_KEY}{_MONTH}(?:/{_KEY}{_DAY})?)?")
_PART_OF_DATE = re.compile(rf"{_KEY}[0-9-]+")

_NO_LETTERS = re.compile(r"[\W\d_]+")


def format_of(name: str) -> str | None:
    """The format that the ending of a name stands for; None if it is not read."""
    lowered = name.lower()
    endings = (ending for ending in FORMATS if lowered.endswith(ending))
    return next((FORMATS[ending] for ending in endings), None)


def table_of_folder(name: str) -> str | None:
    """The table whose files lie in a folder of this name."""
    return name.casefold() if name.casefold() in BY_NAME else None


def table_above(folders: Sequence[str]) -> str | None:
    """The table of what lies in these folders, each in the one before; the innermost counts."""
    found = (table_of_folder(name) for name in reversed(folders))
    return next((table for table in found if table), None)


def tables_in_name(name: str) -> set[str]:
    """The tables that are words of a file's name: those of `20240905_Orders-2.csv`."""
    return {word for word in _NO_LETTERS.split(name.casefold()) if word in BY_NAME}


def leads_to_tables(folders: Sequence[str]) -> bool:
    """Whether the last folder is one of a table or of a date.

    Parameters
    ----------
    folders
        Names, from the input folder on.
    """
    *above, name = folders
    if table_of_folder(name):
        return table_above(above) is None
    dates = [folder for folder in above if _PART_OF_DATE.fullmatch(folder)]
    return _DATE.fullmatch("/".join([*dates, name])) is not None


def folders_of_table(folders: Sequence[str]) -> int:
    """How many of the last folders are a table's own: its folder, and dates in it; else 0."""
    for n_dates, name in enumerate(reversed(folders)):
        if table_of_folder(name):
            return n_dates + 1
        if not _PART_OF_DATE.fullmatch(name):
            break
    return 0


def form_of(folders: Sequence[str], table: str) -> str:
    """How a file lies: two files of a table that lie alike have the same text.

    Digits of dates are `#`, and folders that are neither dates nor a table's are `*`.
    """
    shown = [
        name if table_of_folder(name)
        # Not its value: every date has another.
        else re.sub(r"\d", "#", name) if _PART_OF_DATE.fullmatch(name)
        else "*"
        for name in folders
    ]  # fmt: skip
    return "/".join([*shown, "*" if table_above(folders) else f"*{table}*"])
