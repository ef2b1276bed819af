"""RULES.md names cases that exist, and the cases tell each rule from its absence."""

from __future__ import annotations

import json
from fnmatch import filter as matching
from functools import cache

import pytest
from rules_page import RULES
from worked_cases.book_engines import ENGINES, KernelEngine, SlowEngine, switched
from worked_cases.case_files import OWN

from sweep_dask.matching.rules import names
from sweep_dask.worked_cases.match import match_cases

CASES = {case["id"]: case for path in OWN for case in json.loads(path.read_text("utf-8"))["cases"]}


@cache
def _results(engine, name=None):
    """What comes of each case, by its id; with the rule of that name the other way round."""
    engine = switched(engine, name) if name else engine
    document = json.dumps({"cases": list(CASES.values())})
    return {case.result["id"]: case for case in match_cases(document, "cases", None, engine)}


def _changed(name):
    """Cases that no longer come out as was worked out by hand."""
    return {number for number, case in _results(SlowEngine, name).items() if case.differences}


def _named(row):
    return {case for pattern in row.cases for case in matching(CASES, pattern)}


@pytest.mark.parametrize(
    ("number", "pattern"), [(row.number, case) for row in RULES.values() for case in row.cases]
)
def test_a_named_case_exists(number, pattern):
    assert matching(CASES, pattern), f"{number} is pinned by a case that is nowhere"


def test_every_number_that_a_rule_has_is_in_a_case():
    worked_out = {number for case in CASES.values() for number in case["rules"]}
    assert {n for row in RULES.values() for n in row.printed} - worked_out == set()


@pytest.mark.parametrize("engine", ENGINES)
def test_with_all_rules_every_case_comes_out_as_worked_out(engine):
    assert len(CASES) > 90
    wrong = [case.verdict for case in _results(engine).values() if case.differences]
    assert wrong == []


@pytest.mark.parametrize("name", names())
def test_a_rule_the_other_way_round_is_noticed_by_a_case_that_is_named_for_it(name):
    rows = [row for row in RULES.values() if name in row.switches]
    assert len(rows) == 1
    assert _changed(name) & _named(rows[0])


@pytest.mark.parametrize("name", names())
def test_both_forms_of_the_book_go_wrong_alike(name):
    slow, compiled = (
        {number: case.result for number, case in _results(engine, name).items()}
        for engine in (SlowEngine, KernelEngine)
    )
    assert slow == compiled
