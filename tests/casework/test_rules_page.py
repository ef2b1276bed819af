"""RULES.md names cases that exist."""

from __future__ import annotations

import json
import re
from fnmatch import filter as matching
from pathlib import Path

import pytest

import sweep_dask.matching

RULES = Path(sweep_dask.matching.__file__).parent / "RULES.md"
CASES = Path(__file__).parent / "cases"


def _named_cases() -> list[str]:
    """What the last column of the table of rules names, other than folders and files."""
    rows = [line for line in RULES.read_text().splitlines() if re.match(r"\| R\d+ \|", line)]
    assert len(rows) > 20
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[-1])]
    return [name for name in names if "/" not in name]


@pytest.fixture(scope="module")
def case_ids() -> list[str]:
    documents = [json.loads(path.read_text()) for path in sorted(CASES.glob("*.json"))]
    return [case["id"] for document in documents for case in document["cases"]]


@pytest.mark.parametrize("name", _named_cases())
def test_a_named_case_exists(name, case_ids):
    assert matching(case_ids, name)
