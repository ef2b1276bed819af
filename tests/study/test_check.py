"""Wrong data is noticed, named, and mended by the cure; right data raises no alarm."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from dark_markets import dark_market
from markets import compress, plain_market
from rewritten import divided, iso_times, rewrite, through_a_double, whole_times
from running import invoke

from sweep_dask.sample import MarketParameters, sample_market_path
from sweep_dask.sample.synthetic_market import write_market
from sweep_dask.settings import load_settings
from sweep_dask.study.check import check

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
MORNING = SHARED / "drr_20240905_morning"
GOLDEN = SHARED / "golden_time_priority/input"


def present(folder):
    if not folder.is_dir():
        pytest.skip(f"{folder.name} is not here")
    return folder


SOURCES = {"sample": sample_market_path, "morning": lambda: present(MORNING)}
sources = pytest.mark.parametrize("source", SOURCES)


def look(folder, **settings):
    return check(load_settings(settings, {}, Path("/nonexistent")), str(folder))


def told(checked, severity="contradiction"):
    """Check and table or file of each finding."""
    return {(f.check, f.where) for f in checked.findings if f.severity == severity}


def cures(checked):
    """What the findings say belongs into the configuration, taken together."""
    config = {}
    for finding in checked.findings:
        for snippet in re.findall(r"`([^`]*)`", finding.cure):
            parsed = yaml.safe_load(snippet)
            settings = parsed if isinstance(parsed, dict) else {}
            for key, value in settings.items():
                for table, units in (value if isinstance(value, dict) else {}).items():
                    merged = config.setdefault(key, {})
                    merged[table] = (
                        merged.get(table, {}) | units if isinstance(units, dict) else units
                    )
    return config


# No false alarms.


def test_the_built_in_sample_is_as_it_should_be():
    checked = look(sample_market_path())
    assert (checked.findings, checked.is_whole) == ((), True)


def test_the_real_morning_is_as_it_should_be():
    assert look(present(MORNING)).findings == ()


def test_the_golden_input_lacks_orders_of_some_trades():
    checked = look(present(GOLDEN))
    assert told(checked) == set()
    assert told(checked, "warning") == {("trades_without_orders", "trades")}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_synthetic_markets_are_as_they_should_be(tmp_path, seed):
    write_market(tmp_path / "market", MarketParameters(seed=seed, events=1_500))
    assert look(tmp_path / "market").findings == ()


@pytest.mark.parametrize("market", [plain_market, dark_market])
def test_small_markets_are_too_small_to_tell(tmp_path, market):
    checked = look(market().write(tmp_path / "input"))
    assert {finding.check for finding in checked.findings} <= {"columns", "quotes"}


# True alarms: what was found, where, and the cure.


def times_ten(column, text):
    priced = divided(-1)(column, text)
    return priced if priced == text else f"{int(float(priced))}"


WRONG_PRICES = {
    "cents": (divided(1), (), "cent", {"orders", "trades", "nbbo"}),
    "quotes in cents": (divided(1), ("nbbo",), "cent", {"nbbo"}),
    "orders in cents": (divided(1), ("orders",), "cent", {"orders"}),
    "trades in cents": (divided(1), ("trades",), "cent", {"trades"}),
    "dollars": (divided(3), (), "dollar", {"orders", "trades", "nbbo"}),
    "quotes in dollars": (divided(3), ("nbbo",), "dollar", {"nbbo"}),
}


@sources
@pytest.mark.parametrize("wrong", WRONG_PRICES)
def test_prices_in_another_unit(tmp_path, source, wrong):
    cell, tables, unit, where = WRONG_PRICES[wrong]
    folder = rewrite(SOURCES[source](), tmp_path / "input", cell=cell, tables=tables)
    checked = look(folder)
    assert checked.exit_code == 3
    found = {table.partition("/")[0] for name, table in told(checked) if name == "price_unit"}
    assert found == where
    units = {table: {"price": unit} for table in where}
    assert cures(checked) == {"units": units}
    assert look(folder, units=units).findings == ()


@sources
@pytest.mark.parametrize(
    ("cell", "unit"),
    [(whole_times(10**9), "s"), (whole_times(10**6), "ms"), (whole_times(10**3), "us"),
     (iso_times, "iso")],
)  # fmt: skip
def test_times_in_another_unit(tmp_path, source, cell, unit):
    folder = rewrite(SOURCES[source](), tmp_path / "input", cell=cell)
    checked = look(folder)
    units = {table: {"time": unit} for table in ("orders", "trades", "nbbo", "session")}
    units |= {table: {"time": unit} for table in ("reference", "participants")}
    assert {name for name, _ in told(checked)} == {"time_unit"}
    assert cures(checked) == {"units": units}
    assert look(folder, units=units).findings == ()


def test_iso_times_without_an_offset_are_not_guessed(tmp_path):
    def local(column, text):
        return iso_times(column, text).partition("+")[0]

    checked = look(rewrite(sample_market_path(), tmp_path / "input", cell=local))
    assert all("without an offset" in finding.found for finding in checked.findings)
    assert cures(checked) == {}


@sources
@pytest.mark.parametrize("names", [("order_id", "orderid"), ("order_id",), ("orderid",)])
def test_ids_that_went_through_a_double(tmp_path, source, names):
    cell = through_a_double(*names)
    checked = look(rewrite(SOURCES[source](), tmp_path / "input", cell=cell))
    files = {where for name, where in told(checked) if name == "ids_through_double"}
    expected = {"order_id": "orders", "orderid": "trades"}
    assert {file.partition("/")[0] for file in files} == {expected[name] for name in names}
    assert all("1,024" in f.found for f in checked.findings if f.check == "ids_through_double")
    assert checked.exit_code == 3


@sources
def test_trades_of_another_market(tmp_path, source):
    def other(column, text):
        return str(int(text) - 10**17) if column.name == "orderid" else text

    checked = look(rewrite(SOURCES[source](), tmp_path / "input", cell=other))
    assert ("trades_without_orders", "trades") in told(checked)


@sources
def test_bid_and_offer_exchanged(tmp_path, source):
    columns = {"orders": {"bid": "offer", "offer": "bid"}}
    checked = look(SOURCES[source](), columns=columns)
    assert ("spread", "orders") in told(checked)


@sources
def test_local_times_taken_for_utc(tmp_path, source):
    def local(column, text):
        return str(int(text) + 10 * 3_600 * 10**9) if column.is_time and int(text) else text

    checked = look(rewrite(SOURCES[source](), tmp_path / "input", cell=local))
    assert ("time_zone", "orders") in {(f.check, f.where) for f in checked.findings}


def test_another_delimiter_is_named_before_names_that_are_all_others(tmp_path):
    folder = rewrite(sample_market_path(), tmp_path / "input", delimiter="|", tables=("trades",))
    file = next((folder / "trades").iterdir())
    names, rest = file.read_text().split("\n", 1)
    file.write_text("|".join(f"My{n}" for n in range(names.count("|") + 1)) + "\n" + rest)
    assert cures(look(folder))["delimiter"]["trades"] == "|"


@pytest.mark.parametrize(("delimiter", "word"), [(";", ";"), ("\t", "tab"), ("|", "|")])
def test_another_delimiter_is_named_and_read(tmp_path, delimiter, word):
    folder = rewrite(sample_market_path(), tmp_path / "input", delimiter=delimiter)
    checked = look(folder)
    assert cures(checked)["delimiter"]["orders"] == word
    assert look(folder, delimiter=word).findings == ()


def test_a_missing_header_is_told_as_that(tmp_path):
    folder = rewrite(sample_market_path(), tmp_path / "input", header=False, tables=("trades",))
    (finding,) = look(folder).findings
    assert "has no header" in finding.found
    assert "tradetime" in finding.cure


def test_a_damaged_file_is_a_finding_among_others(tmp_path):
    folder = rewrite(sample_market_path(), tmp_path / "input", cell=divided(1))
    packed = compress(folder / "orders/orders.csv")
    packed.write_bytes(packed.read_bytes()[:-9])
    assert told(look(folder)) >= {("format", "orders/orders.csv.gz"), ("price_unit", "nbbo")}


# The command.


def test_the_command_prints_one_document_and_its_exit_code(tmp_path):
    folder = rewrite(sample_market_path(), tmp_path / "input", cell=divided(1), tables=("nbbo",))
    result = invoke("check", folder, "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 3
    assert document["ok"] is False
    (finding,) = document["findings"]
    assert finding["counts"]["factor"] == 10
    assert set(finding) >= {"check", "severity", "found", "expected", "cure", "where", "counts"}
    told = invoke("check", folder)
    assert told.exit_code == 3
    assert finding["found"] in " ".join(told.stdout.split())
    counted = document["rows"], document["rows"] + document["lit_rows"]
    assert (
        "  Rows looked at: {:,} of {:,}; the rest are lit orders\n".format(*counted) in told.stdout
    )


def test_the_command_takes_what_it_heeds(plain_input):
    assert invoke("check", plain_input, "--ignore", "nbbo/*", "--no-progress").exit_code == 0
    for option in ("--dates=2024-10-04", "--workers=2", "--no-parallel", "--fresh"):
        assert invoke("check", plain_input, option).exit_code == 2


def test_a_large_input_is_sampled(tmp_path, monkeypatch):
    folder = rewrite(sample_market_path(), tmp_path / "input", cell=divided(1))
    monkeypatch.setattr("sweep_dask.study.check.CHECK_BYTES", 1 << 18)
    checked = look(folder)
    assert not checked.is_whole
    assert checked.rows < 10_000
    assert cures(checked)["units"] == {t: {"price": "cent"} for t in ("orders", "trades", "nbbo")}
