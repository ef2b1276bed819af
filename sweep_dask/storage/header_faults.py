"""Why a first line is no header of its table: another delimiter, or no header at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

#: By the word for it in the configuration.
_DELIMITERS = {",": ",", ";": ";", "|": "|", "tab": "\t"}

_NUMBER = re.compile(r"\s*[+-]?[0-9]+(?:\.[0-9]*)?\s*")


def refuse_other_delimiter(
    split: Callable[[str], Sequence[str]],
    delimiter: str,
    is_known: Callable[[str], bool],
    where: str,
    table: str,
) -> None:
    """Refuse a line with more known names when it is split at another delimiter.

    Parameters
    ----------
    split
        The line's fields, by delimiter.
    is_known
        Whether a name is one of the table's columns.

    Raises
    ------
    InputError
        Names the delimiter and how to set it.
    """
    known = {word: sum(map(is_known, split(d))) for word, d in _DELIMITERS.items()}
    used = next(word for word, d in _DELIMITERS.items() if d == delimiter)
    best = max(known, key=lambda word: known[word])
    if known[best] > max(known[used], 1):
        raise InputError(
            f"The columns of {where.partition(',')[0]} are separated by {_spoken(best)}, "
            f"not by {_spoken(used)}.",
            where=where,
            cure=f'Set `delimiter: {{{table}: "{best}"}}` in the configuration.',
        )


def _spoken(word: str) -> str:
    return {",": "commas", ";": "semicolons", "|": "bars", "tab": "tabs"}[word]


def refuse_row(names: Sequence[str], required: Collection[str], where: str) -> None:
    """Refuse a first line that holds mostly numbers.

    Raises
    ------
    InputError
        Says which names belong into the line that is missing.
    """
    numbers = sum(_NUMBER.fullmatch(name) is not None for name in names)
    if numbers < 2 or 2 * numbers < len(names):
        return
    raise InputError(
        f"{where.partition(',')[0]} has no header: its first line looks like a row.",
        where=where,
        value=", ".join(name.strip() for name in names),
        cure="Put a line with the names of the columns in front, among them "
        f"{', '.join(required)}.",
    )
