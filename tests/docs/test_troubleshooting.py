"""Each symptom of the page is there: the command is run, and prints what the page quotes."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest
from fenced_blocks import Reader, blocks_of
from object_stores import s3_server
from running import ROOT

from sweep_dask.dataflow import remote_cluster
from sweep_dask.storage.folder_lock import lock_folder

PAGE = ROOT / "docs" / "troubleshooting.md"
_SECTION = re.compile(r"^### (.*)\n((?:(?!^#{2,3} ).*\n)*)", re.MULTILINE)
SECTIONS = dict(_SECTION.findall(PAGE.read_text(encoding="utf-8")))
BLOCKS = blocks_of(PAGE)


def test_page_has_symptoms_with_cause_and_cure():
    assert len(SECTIONS) > 20
    for title, text in SECTIONS.items():
        assert "**Cause.**" in text, title
        assert "**Cure.**" in text, title


@pytest.mark.parametrize("title", SECTIONS)
def test_symptom_is_what_the_page_says(title, in_copy, monkeypatch):
    monkeypatch.setattr(remote_cluster, "CONNECT_SECONDS", 1)
    (in_copy / "busy").mkdir()
    blocks = [block for block in BLOCKS if block.text in SECTIONS[title]]
    assert blocks
    reader = Reader()
    store = s3_server() if "s3://no" in SECTIONS[title] else nullcontext()
    with lock_folder(in_copy / "busy"), store:
        for block in blocks:
            assert block.language == "console"
            reader.does(block)


def test_what_stands_before_the_symptoms_is_so(in_copy):
    others = [block for block in BLOCKS if not any(block.text in it for it in SECTIONS.values())]
    assert others
    for block in others:
        Reader().does(block)
