"""Every case comes out as it says: our own, each worked by hand, and the vectors of the rules."""

import json

import pytest
from worked_cases.book_engines import ENGINES
from worked_cases.case_files import OWN, VECTORS

from sweep_dask.worked_cases.match import match_cases

OWN_CASES = [
    (path, case["id"]) for path in OWN for case in json.loads(path.read_text("utf-8"))["cases"]
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("path", "case"), OWN_CASES, ids=[case for _, case in OWN_CASES])
def test_own_case(path, case, engine):
    (matched,) = match_cases(path.read_text("utf-8"), path.name, case, engine)
    assert matched.exchange.case.note, "each hand-worked case says why it is right"
    assert matched.already_trading == ""
    assert matched.differences == []


@pytest.mark.parametrize("engine", ENGINES)
def test_vectors_of_the_rules(engine):
    if not VECTORS.is_file():
        pytest.skip(f"the vectors are not there: {VECTORS}")
    matched = match_cases(VECTORS.read_text("utf-8"), VECTORS.name, None, engine)
    assert len(matched) > 40
    assert {case.verdict for case in matched if case.differences} == set()
    assert {case.result["id"] for case in matched if case.already_trading} == set()
