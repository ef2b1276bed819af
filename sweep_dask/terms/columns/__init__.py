"""What the columns of every file are: unit and meaning."""

from __future__ import annotations

import re
from typing import NamedTuple


class Described(NamedTuple):
    """A column."""

    unit: str
    """Empty if it has none: names, codes, numbers of something."""
    meaning: str


def described(text: str) -> dict[str, Described]:
    """Columns by name, from a line each: `name | unit | meaning`."""
    lines = (line.split("|", 2) for line in text.splitlines() if line.strip())
    return {name.strip(): Described(unit.strip(), meaning.strip()) for name, unit, meaning in lines}


def described_by_file(text: str) -> dict[str, dict[str, Described]]:
    """Columns by file: a line with its stem and a colon, then its columns as for `described`."""
    parts = re.split(r"^ *(\w+):\n", text, flags=re.MULTILINE)[1:]
    return {stem: described(lines) for stem, lines in zip(parts[::2], parts[1::2], strict=True)}
