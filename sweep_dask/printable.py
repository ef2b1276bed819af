"""Text of files and users on its way to a terminal or a log."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def printable(text: str, keep: str = "") -> str:
    r"""The text with what is not to be seen written as Python escapes it: `\x1b`, `\u202e`, `\n`.

    A name or a cell could otherwise move the cursor, colour or reverse what follows, or add lines
    that look like ours. Bytes of a name that are no UTF-8 can be written anywhere afterwards.

    Parameters
    ----------
    keep
        Characters that stay as they are, such as line breaks of our own.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else repr(character)[1:-1]
        for character in text
    )


def printable_lines(text: str) -> str:
    """The same for a text of several lines: later ones are indented, none can pass for a first."""
    return printable(text, keep="\n").replace("\n", "\n  ")


def listed(names: Collection[object], most: int) -> str:
    """`a, b and 3 more`: the first so many of them, and how many others there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(str, islice(names, most))) + more
