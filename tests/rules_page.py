"""The table of rules in RULES.md, row by row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import sweep_dask.matching

PAGE = (Path(sweep_dask.matching.__file__).parent / "RULES.md").read_text(encoding="utf-8")
_RANGE = re.compile(r"(S|\d+\.)(\d+) to (?:S|\d+\.)(\d+)")


class Row(NamedTuple):
    """One rule."""

    number: str
    """`R1`, `R2`, ..."""
    printed: tuple[str, ...]
    """The numbers `match` prints: `2.1`, `S3`."""
    switches: tuple[str, ...]
    """Fields of `Rules`."""
    cases: tuple[str, ...]
    """Hand-worked cases that pin it; `*` stands for anything."""


def read_rows() -> dict[str, Row]:
    """The rules by their numbers, in the order of the page."""
    lines = [line for line in PAGE.splitlines() if re.match(r"\| R\d+ \|", line)]
    rows = [_row(*(cell.strip() for cell in line.strip("| ").split(" | "))) for line in lines]
    return {row.number: row for row in rows}


def _row(number: str, printed: str, _rule: str, _source: str, switch: str, pinned: str) -> Row:
    named = re.findall(r"`([^`]+)`", pinned)
    cases = tuple(name for name in named if "/" not in name)
    return Row(number, tuple(_numbers(printed)), tuple(re.findall(r"`(\w+)`", switch)), cases)


def _numbers(printed: str) -> list[str]:
    """`1.1 to 1.3, 6.1` as 1.1, 1.2, 1.3, 6.1."""
    found: list[str] = []
    for part in printed.split(", "):
        if between := _RANGE.fullmatch(part):
            section, first, last = between.groups()
            found += [f"{section}{number}" for number in range(int(first), int(last) + 1)]
        else:
            found.append(part)
    return found


RULES = read_rows()
