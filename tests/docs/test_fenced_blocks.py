"""Every command and snippet of README and documentation does what the page says."""

from __future__ import annotations

import shutil

import pytest
from fenced_blocks import (
    NOT_RUN,
    PAGES,
    SHOWN,
    Block,
    Reader,
    arguments_of,
    blocks_of,
    require_lines,
    require_options,
    require_shown,
)
from running import run_here

from sweep_dask.sample import sample_market_path

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
#: Its test is beside it: `test_troubleshooting.py`.
TROUBLES = "docs/troubleshooting.md"
#: Its order is one of the built-in sample.
EXPLAINED = "docs/explain.md"
LANGUAGES = ("bash", "console", "python", "yaml", "json", "sql", *SHOWN)


@pytest.mark.parametrize(
    "page", sorted({block.page for block in BLOCKS if block.is_run} - {TROUBLES})
)
def test_page_does_what_it_says(page, in_copy):
    reader = Reader()
    if page == EXPLAINED:
        shutil.rmtree(in_copy / "results")
        choices = {"lifetimes": "clock:5min", "adoption_shares": (), "switches": ()}
        run_here(sample_market_path(), in_copy / "results", enable_parallel=False, **choices)
    for block in BLOCKS:
        if block.page == page and block.is_run:
            reader.does(block)


def test_every_block_says_what_it_is():
    assert {block.where for block in BLOCKS if block.language not in LANGUAGES} == set()


def test_blocks_that_are_not_run_are_few_and_say_why():
    left_out = [block for block in BLOCKS if not block.is_run and block.language not in SHOWN]
    assert all(len(block.title) > len(NOT_RUN) for block in left_out)
    # A block more is a decision: what needs no cluster, container or repository can be run.
    assert len(left_out) <= 6
    assert sum(block.is_run for block in BLOCKS) > 40


def test_commands_that_are_not_run_have_options_that_exist():
    commands = [
        command
        for block in BLOCKS
        if not block.is_run and block.language in ("bash", "console")
        for command, _ in block.commands()
        if command.startswith("python -m sweep_dask")
    ]
    assert commands
    for command in commands:
        require_options(command)


def block(text, language="console"):
    return Block("page", 1, language, "", text)


def test_output_is_compared_in_order_and_with_any_numbers():
    shown = block("")
    require_shown(shown, "read: 1,234 rows\n…\ndone in 3.5 s\n", "read:  77 rows\nx\ndone in 9 s")
    for wrong in ("rows … read", "read: 5 lines", "read: no rows"):
        with pytest.raises(AssertionError, match="not printed"):
            require_shown(shown, wrong, "read: 77 rows")


def test_lines_are_compared_with_their_indentation():
    require_lines(block(""), "a:\n  1,234 rows\n…\n", "a:\n  77 rows\nx")
    with pytest.raises(AssertionError, match="' 5 rows'"):
        require_lines(block(""), " 5 rows", "  5 rows")


def test_commands_are_found_with_what_they_print():
    assert block("$ a \\\n  b\none\ntwo\n$ c\n").commands() == [("a   b", "one\ntwo\n"), ("c", "")]
    assert block("a\n\nb # c\n", "bash").commands() == [("a", ""), ("b # c", "")]
    assert arguments_of("python -m sweep_dask run 'a b'  # c") == ["run", "a b"]
