"""The words of the code in CONTRIBUTING.md are those of the code."""

from __future__ import annotations

import re
import tokenize

from running import ROOT


def words():
    """Names in the code, by word."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("### Words of the code")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (\w[\w, ]*) \| `(\w+)` \|", table, re.MULTILINE))


def names():
    """Every name that is written in the package."""
    found = set()
    for path in (ROOT / "sweep_dask").rglob("*.py"):
        with tokenize.open(path) as source:
            tokens = tokenize.generate_tokens(source.readline)
            found.update(token.string for token in tokens if token.type == tokenize.NAME)
    return found


def test_every_word_names_something_in_the_code():
    assert set(words().values()) - names() == set()


def test_they_are_few():
    assert 10 <= len(words()) <= 20
