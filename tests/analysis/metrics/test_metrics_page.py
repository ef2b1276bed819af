"""The page on metrics has an entry for every column, in the order of the tables."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pytest

from sweep_dask.analysis.metrics.populations import POPULATION_COLUMNS
from sweep_dask.analysis.metrics.sweep_metrics import SWEEP_METRIC_COLUMNS
from sweep_dask.analysis.rollups.comparisons import TESTS
from sweep_dask.analysis.rollups.pairs import CONDITIONS
from sweep_dask.terms.dimensions import SPREADS, STATUSES
from sweep_dask.terms.metrics import COMPARED, COST_PARTS, REALISED_AFTER_SECONDS
from sweep_dask.terms.metrics_page import renewed

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "metrics.md").read_text(encoding="utf-8")


def rows(head):
    """Cells of the table whose first column is called so, without its heads."""
    lines = PAGE[PAGE.index(f"\n| {head} |") + 1 :].splitlines()
    table = takewhile(lambda line: line.startswith("|"), lines)
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table][2:]


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("Metric", SWEEP_METRIC_COLUMNS),
        ("Column", POPULATION_COLUMNS),
        ("Column of `sweep_metrics`", COST_PARTS),
        ("Column of `comparisons`", TESTS),
    ],
)
def test_every_column_has_its_entry(head, columns):
    documented = [name for row in rows(head) for name in re.findall(r"`([^`]+)`", row[0])]
    assert documented == list(columns)


def test_the_table_is_that_of_the_records():
    renew = "python -m sweep_dask.terms.metrics_page docs/metrics.md"
    assert renewed(PAGE) == PAGE, f"`{renew}` renews it"


def test_no_page_names_constants_of_the_code_as_if_they_were_files():
    for page in ("metrics.md", "output.md", "file_formats.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        names = re.findall("`((?:[A-Z]+_)*(?:[A-Z]+S|AGREEMENT))`", text)
        assert [name for name in names if name not in ("SWEEP", "NS")] == [], page


def test_entries_say_what_when_missing_and_in_which_unit():
    for names, formula, unit, sign, missing, _source in rows("Metric"):
        assert formula, names
        assert missing, names
        for suffix, written in {"_bps`": "bps", "_aud`": "AUD", "_seconds`": "s"}.items():
            assert (written in unit.split(", ")) == (suffix in names), (names, suffix)
        if re.search("improvement|cost|shortfall|slippage|drift|effective", names):
            assert sign.startswith("+"), names


def test_compared_metrics_without_a_verdict_are_named():
    (sentence,) = re.findall(r"for (`vwap`.*?), where neither", PAGE, flags=re.DOTALL)
    neither = {metric for metric, direction in COMPARED.items() if direction == 0}
    assert set(re.findall(r"`(\w+)`", sentence)) == neither


def test_values_and_numbers_are_those_of_the_program():
    text = " ".join(PAGE.split())
    assert all(f"`{value}`" in text for value in (*STATUSES, *CONDITIONS, SPREADS[0], SPREADS[-1]))
    realised = [int(seconds) for seconds in re.findall(r"`realised_spread_(\d+)s_price`", text)]
    assert realised == list(REALISED_AFTER_SECONDS)
