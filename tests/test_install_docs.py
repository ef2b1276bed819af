"""What the pages on installing name is there: extras, files, commands of make."""

from __future__ import annotations

import re

import pytest
from dependency_files import CONTRIBUTING, extras
from packaging.specifiers import SpecifierSet
from running import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_extra_is_told_with_what_it_adds():
    told = dict(re.findall(r"^\| `pip install '\.\[(\w+)\]'` \| ([^|]+) \|", PAGE, re.MULTILINE))
    assert told.keys() == extras().keys() - CONTRIBUTING
    named = {name: re.sub(r"[ ,_-]", "", text).lower() for name, text in told.items()}
    for name, requirements in extras().items():
        for it in requirements if name not in CONTRIBUTING else ():
            assert it.name.replace("-", "") in named[name]


def test_the_first_screen_says_how_to_install():
    first = "\n".join(README.splitlines()[:30])
    assert first.index("pip install .") < first.index("make run")
    for name in ("s3", "gcs", "notebook"):
        assert f"[{name}]" in first


@pytest.mark.parametrize("page", [README, PAGE], ids=["README", "install"])
def test_commands_of_make_exist(page):
    told = re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", page, re.MULTILINE)
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert {first or second for first, second in told} - targets == set()
    assert (ROOT / "constraints.txt").is_file()


def test_pythons_that_are_told_are_those_allowed():
    start = (ROOT / "docs" / "quick_start.md").read_text(encoding="utf-8")
    sentences = {
        re.search(r"It needs (Python .*?[0-9])\. ", page)[1] for page in (README, PAGE, start)
    }
    (sentence,) = sentences
    told = re.findall(r"3\.\d+", sentence.partition("tried on")[2])
    classified = re.findall(r":: (3\.\d+)", PYPROJECT)
    assert told == classified
    (allowed,) = re.findall(r'^requires-python = "(.*)"', PYPROJECT, re.MULTILINE)
    assert all(version in SpecifierSet(allowed) for version in told)
