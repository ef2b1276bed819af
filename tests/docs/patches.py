"""Patches as `docs/extending.md` shows them: without line numbers, so that they stay readable."""

from __future__ import annotations

import re
from pathlib import Path


def apply(patch: str, root: Path) -> None:
    """Change files below `root`: each hunk is found by its lines, which have to be there once."""
    for name, hunks in re.findall(r"^--- (.*)\n((?:(?!--- ).*\n)+)", patch, re.MULTILINE):
        path = root / name
        text = path.read_text(encoding="utf-8")
        for hunk in re.split(r"^@@.*\n", hunks, flags=re.MULTILINE):
            text = _changed(text, hunk.splitlines(), name)
        path.write_text(text, encoding="utf-8")


def _changed(text: str, lines: list[str], name: str) -> str:
    before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
    assert text.count(before) == 1, f"{name}: {text.count(before)} times there:\n{before}"
    return text.replace(before, after)
