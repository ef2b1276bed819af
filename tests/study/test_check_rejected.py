"""What `run` would reject, or do without, is told by `check`."""

from __future__ import annotations

import csv
import gzip
import itertools
import shutil
from pathlib import Path

import pytest
from rewritten import rewrite
from running import invoke

from sweep_dask.sample import sample_market_path
from sweep_dask.settings import load_settings
from sweep_dask.study.check import check


def look(folder, **settings):
    return check(load_settings(settings, {}, Path("/nonexistent")), str(folder))


def spoilt(column_name, every, text):
    """Every so many cells of a column are written otherwise."""
    numbers = itertools.count(1)

    def cell(column, old):
        is_one = column.name == column_name and next(numbers) % every == 0
        return text if is_one else old

    return cell


def only(checked, check):
    (finding,) = [finding for finding in checked.findings if finding.check == check]
    return finding


@pytest.mark.parametrize(("every", "code"), [(4, 3), (40, 0)])
def test_rows_that_a_run_rejects_are_told_before_it(tmp_path, every, code):
    cell = spoilt("tradeprice", every, "n/a")
    folder = rewrite(sample_market_path(), tmp_path / "input", cell=cell, tables=("trades",))
    checked = look(folder)
    finding = only(checked, "rejected")
    rows = 7_970
    assert (checked.exit_code, finding.severity) == (code, "contradiction" if code else "warning")
    assert finding.where == f"trades/trades.csv, line {every + 1}"
    assert finding.counts == {"rows": rows, "rejected": rows // every}
    assert f"{rows // every:,} of {rows:,} trades rows cannot be read" in finding.found
    assert "tradeprice: 'n/a'" in finding.found
    assert look(folder, max_bad_fraction=0.5).exit_code == 0
    assert look(folder, on_bad_rows="fail").exit_code == 3
    # What is to be done does it: here and in a run.
    assert "--on-bad-rows quarantine" in only(look(folder, on_bad_rows="fail"), "rejected").cure
    allowed = ("--on-bad-rows", "quarantine", "--max-bad-fraction", 0.5)
    assert invoke("check", folder, *allowed).exit_code == 0
    output = ("-o", tmp_path / "out", "--no-parallel", "--no-progress")
    if code:  # a run says the same in its own words, and lists the rows
        run = invoke("run", folder, *output)
        assert run.exit_code == 3
        assert f"{rows // every:,} of {rows:,} trades rows cannot be read" in run.stderr
        assert (tmp_path / "out/rejects/trades.parquet").exists()


def test_rows_of_lit_orders_count_among_all(tmp_path):
    """A run compares rejected rows with all that it reads."""
    cell = spoilt("price", 25, "n/a")
    folder = rewrite(sample_market_path(), tmp_path / "input", cell=cell, tables=("orders",))
    checked = look(folder)
    with gzip.open(sample_market_path() / "orders/orders.csv.gz") as lines:
        n_lines = sum(1 for _ in lines) - 1
    assert only(checked, "rejected").counts["rows"] == n_lines
    assert 0 < only(checked, "rejected").counts["rejected"] < n_lines // 25
    assert checked.rows + checked.lit_rows == sum(1 for _ in all_rows(folder))


def all_rows(folder):
    for file in folder.rglob("*.*"):
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            yield from itertools.islice(lines, 1, None)


def test_a_line_that_is_no_row_is_one_that_cannot_be_read(plain_input, tmp_path):
    folder = shutil.copytree(plain_input, tmp_path / "in")
    (trades,) = (folder / "trades").iterdir()
    with trades.open("a") as file:
        file.write("1,2\n")
    finding = only(look(folder), "rejected")
    assert "form: '1,2'" in finding.found


def test_a_place_is_told_by_byte_where_lines_are_not_counted(tmp_path, monkeypatch):
    def cell(column, old):
        return "n/a" if column.name == "tradeprice" and next(numbers) > 7_000 else old

    numbers = itertools.count(1)
    folder = rewrite(sample_market_path(), tmp_path / "input", cell=cell, tables=("trades",))
    monkeypatch.setattr("sweep_dask.study.check.CHECK_BYTES", 1 << 18)
    finding = only(look(folder), "rejected")
    file, at, byte = finding.where.replace(",", "").split()
    assert at == "byte"
    assert b"n/a" in (folder / file).read_bytes()[int(byte) :].split(b"\n")[0]
    assert "rows looked at" in finding.found


@pytest.mark.parametrize(
    ("codes", "cure"),
    [
        ({}, "Say under `convert.values` which number each text stands for"),
        ({"A2M": "1"}, "Map BHP too under `convert.values`"),
        ({"A2M": "1", "BHP": "2"}, "They are mapped: run `convert`"),
    ],
)
def test_words_that_are_mapped_are_said_to_be(tmp_path, codes, cure):
    def cell(column, text):
        return {"1": "A2M", "2": "BHP"}[text] if column.name == "side" else text

    folder = rewrite(sample_market_path(), tmp_path / "input", cell=cell, tables=("trades",))
    checked = look(folder, convert_values={"trades": {"side": codes}})
    assert cure in only(checked, "code").cure
    assert "rejected" not in {finding.check for finding in checked.findings}


def without(folder, target, *columns):
    """The sample market without columns of orders."""
    shutil.copytree(folder, target)
    packed = target / "orders/orders.csv.gz"
    with gzip.open(packed, "rt", newline="") as stream:
        names, *rows = csv.reader(stream, skipinitialspace=True)
    kept = [position for position, name in enumerate(names) if name.strip() not in columns]
    with gzip.open(packed, "wt", newline="") as stream:
        csv.writer(stream).writerows([row[p] for p in kept] for row in (names, *rows))
    return target


def test_columns_that_decide_are_missed(tmp_path):
    folder = without(sample_market_path(), tmp_path / "in", "midtick", "singlefillminimumquantity")
    checked = look(folder)
    (finding,) = checked.findings
    assert (finding.check, finding.severity, checked.exit_code) == ("columns", "warning", 0)
    assert "midtick of orders" in finding.found
    assert "singlefillminimumquantity of orders" in finding.found
    assert "participantid" not in finding.found


def test_an_input_without_quotes_is_told_what_follows(tmp_path):
    national = ("national_bid", "national_offer")
    folder = without(sample_market_path(), tmp_path / "in", *national)
    assert look(folder).findings == ()  # the file of quotes is there
    shutil.rmtree(folder / "nbbo")
    checked = look(folder)
    finding = only(checked, "quotes")
    assert (finding.severity, checked.exit_code) == ("warning", 0)
    assert "`centre_point: {quote_source: exchange}`" in finding.cure
    assert look(folder, quote_source="exchange").findings == ()
    shutil.rmtree(folder)
    shutil.copytree(sample_market_path(), folder)
    shutil.rmtree(folder / "nbbo")
    assert "quotes" not in {f.check for f in look(folder).findings}  # orders have them
