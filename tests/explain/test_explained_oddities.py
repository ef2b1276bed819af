"""What is told of orders and folders that are not as usual."""

import json
import shutil

import pytest
from dark_markets import add_partition, dark_market
from explained import (
    DAY,
    KEY,
    NEXT_DAY,
    SECURITY,
    A,
    B,
    C,
    D,
    arms,
    fills_of,
    only_day,
    run_dark_market,
    run_market,
)
from markets import BUY, FIRST_ID, OPENING_NS, SECOND, SELL, SWEEP, RawMarket
from running import invoke

import sweep_dask
from sweep_dask.errors import InputError, UsageError
from sweep_dask.explain import explanation
from sweep_dask.explain.explanation import explain
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest, write_manifest


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Not to be changed."""
    return run_dark_market(tmp_path_factory.mktemp("made"))


@pytest.fixture
def layout(made, tmp_path):
    return OutputLayout(shutil.copytree(made.root, tmp_path / "copy"))


def change_manifest(layout, **fields):
    document = read_manifest(layout)
    partitions = [{**entry, **fields.pop("entry", {})} for entry in document["partitions"]]
    write_manifest(layout, {**document, "partitions": partitions, **fields})


# --- orders that are no measured sweep -----------------------------------------------------------


def test_an_order_that_is_no_sweep_has_its_matches(made):
    day = only_day(made, C)
    assert (day.is_sweep, day.is_measured, day.end_ns) == (False, False, None)
    found = {name: fills_of(arm) for name, arm in arms(day).items()}
    assert found["tape"] == [(50, 50, 2010, "dark", "resting", D)]
    # Where all of B rests in the dark, ahead of it, D finds nothing else.
    assert found["as-entered"] == found["tape"]
    assert found["dark-only"] == []
    # What B leaves D there is 30 of 50.
    assert found["dual-post"] == [(50, 30, 2010, "dark", "resting", D)]
    # It buys like B, to which the time-priority model gives only orders that sell.
    assert found["time-priority"] == []
    text = str(explain(made, C))
    assert f"Order {C}: dark order" in text
    assert "all sweeps change" in text
    assert "Costs" not in text


def test_an_order_of_the_other_side_says_what_it_gave_by_time_priority(made):
    assert fills_of(arms(only_day(made, D))["time-priority"]) == [
        (50, 20, 2010, "dark", "incoming", B)
    ]


def test_a_sweep_that_is_left_out_of_the_book(tmp_path):
    market = dark_market(securities=(SECURITY,), dates=(DAY,))
    liar, seller = FIRST_ID + 70, FIRST_ID + 71
    arrival_ns = OPENING_NS[DAY] + 70 * SECOND
    market.order(liar, arrival_ns, SECURITY, BUY, 90, exchangeordertype=SWEEP, orderstatus=1)
    # It says that 5 have traded, and no trade does.
    traded = {"totalmatchedquantity": 5, "leavesquantity": 85, "changereason": 3, "orderstatus": 1}
    market.order(liar, arrival_ns, SECURITY, BUY, 90, exchangeordertype=SWEEP, **traded)
    market.order(seller, arrival_ns + SECOND, SECURITY, SELL, 40, orderstatus=1)
    layout = run_market(market, tmp_path)
    day = only_day(layout, liar)
    assert (day.is_sweep, day.is_measured) == (True, False)
    assert day.left_out.startswith("totalmatchedquantity is not the sum")
    # The time-priority model knows of no book, and gives it who arrives.
    assert fills_of(arms(day)["time-priority"]) == [(71, 40, 2010, "dark", "resting", seller)]
    assert "left out of the book" in str(explain(layout, liar))


def test_a_sweep_without_quotes(tmp_path):
    market = dark_market(securities=(SECURITY,), dates=(DAY,), quotes=False)
    layout = run_market(market, tmp_path)
    day = only_day(layout, B)
    assert (day.arrival.bid_x2, day.arrival.midpoint_x2) == (None, None)
    assert arms(day)["rest-dark"].rest.rules == ("6.1",)
    assert arms(day)["tape"].metrics["implementation_shortfall_bps"] is None
    text = str(explain(layout, B))
    assert "no quote is known then" in text
    json.dumps(explain(layout, B).to_dict(), allow_nan=False)


def test_a_run_of_time_priority_alone(tmp_path):
    layout = run_dark_market(tmp_path, models="time-priority")
    day = only_day(layout, B)
    assert list(arms(day)) == ["tape", "time-priority"]
    assert day.is_affected is None
    assert "changes" not in str(explain(layout, B))
    assert "the tape and time priority" in explain(layout, B)._repr_html_()


def test_an_order_on_several_dates(tmp_path):
    market = RawMarket()
    for date in (DAY, NEXT_DAY):
        add_partition(market, OPENING_NS[date], SECURITY, FIRST_ID)
    layout = run_market(market, tmp_path)
    assert [day.date for day in explain(layout, B).days] == [DAY, NEXT_DAY]
    assert [day.date for day in explain(layout, B, (NEXT_DAY,)).days] == [NEXT_DAY]
    done = invoke("explain", B, "-o", layout.root, "--date", NEXT_DAY)
    assert done.exit_code == 0
    assert DAY not in done.stdout
    # Clocks in Sydney have changed between the two.
    (day,) = explain(layout, B, (NEXT_DAY,)).to_dict()["days"]
    assert day["arrival"]["time_local"] == "2024-10-07T10:00:20.000000007+11:00"
    assert sweep_dask.load(layout.root).explain(B, date=DAY).days[0].date == DAY


@pytest.mark.parametrize("date", ["2024-13-01", f"{DAY},{NEXT_DAY}", ""])
def test_a_date_that_is_none(date, tmp_path):
    done = invoke("explain", B, "-o", tmp_path, "--date", date)
    assert done.exit_code == 2
    assert f"--date cannot be {date!r}" in done.stderr


# --- ids that are not there ----------------------------------------------------------------------


def test_a_date_on_which_it_is_not(made):
    with pytest.raises(UsageError, match=f"no rows on {NEXT_DAY}") as caught:
        explain(made, B, (NEXT_DAY,))
    assert DAY in caught.value.cure


def test_an_id_that_went_through_a_float(made):
    seen = int(float(B))
    assert seen not in (A, B, C, D)
    with pytest.raises(UsageError, match=f"no order {seen}") as caught:
        explain(made, seen)
    assert f"Did you mean {A}, {B} or {C}?" in caught.value.cure


def test_an_id_that_a_spreadsheet_has_cut(made):
    with pytest.raises(UsageError) as caught:
        explain(made, B // 10_000 * 10_000)
    assert str(A) in caught.value.cure


def test_an_id_far_from_all_others(made):
    with pytest.raises(UsageError) as caught:
        explain(made, 5)
    assert f"with order ids from {A} to {D}" in caught.value.what
    assert "Did you mean" not in caught.value.cure
    assert f"such as the sweep {B}." in caught.value.cure


def test_rows_that_were_rejected_or_filtered(tmp_path):
    market = dark_market(securities=(SECURITY,), dates=(DAY,))
    bad, lit = FIRST_ID + 5_000, FIRST_ID + 6_000
    market.order(bad, OPENING_NS[DAY], SECURITY, BUY, 10, price="ten")
    market.order(lit, OPENING_NS[DAY], SECURITY, BUY, 10, exchangeordertype=0)
    layout = run_market(market, tmp_path, max_bad_fraction="0.5")
    with pytest.raises(UsageError) as caught:
        explain(layout, bad)
    line = len(market.rows["orders"])
    assert f"orders/orders.csv, line {line}, not_a_number in price" in caught.value.what
    assert "Mend the row" in caught.value.cure
    with pytest.raises(UsageError) as caught:
        explain(layout, lit)
    assert "1 order rows without a Centre Point or sweep bit" in caught.value.what


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("abc", "Give its digits"),
        ("7.9e18", "float"),
        ("12.0", "float"),
        (str(2**63), "digits"),
        ("9" * 5_000, "digits"),
    ],
)
def test_what_is_no_order_id(made, text, cure):
    done = invoke("explain", text, "-o", made.root, "--json")
    assert done.exit_code == 2
    document = json.loads(done.stdout)
    error = document["error"]
    assert (error["where"], error["value"], document["exit_code"]) == ("ORDER_ID", text, 2)
    assert cure in error["cure"]
    assert done.stderr.startswith("Error: An order id is a whole number")


@pytest.mark.parametrize(("number", "cure"), [("abc", "Give its digits"), (7.9e18, "float")])
def test_a_result_takes_no_other_numbers_either(made, number, cure):
    result = sweep_dask.load(made.root)
    with pytest.raises(UsageError) as caught:
        result.explain(number)
    assert cure in caught.value.cure
    assert str(result.explain(str(B))) == str(result.explain(B))


def test_digits_may_be_grouped(made):
    assert invoke("explain", f"{B:,}", "-o", made.root).exit_code == 0


def test_a_folder_without_a_run(tmp_path):
    done = invoke("explain", B, "-o", tmp_path, "--json")
    assert done.exit_code == 3
    assert json.loads(done.stdout)["exit_code"] == 3


# --- folders that are being written, or were -----------------------------------------------------


def test_a_run_at_work(layout):
    change_manifest(layout, status="running", placing=[])
    assert "A run is at work in this folder" in str(explain(layout, B))
    change_manifest(layout, status="running", partitions=[])
    assert "does not list this partition yet" in str(explain(layout, B))


def test_a_partition_that_failed_and_one_that_no_table_covers(layout):
    change_manifest(layout, status="partial", entry={"state": "failed", "reason": "out of ink"})
    assert "(out of ink)" in str(explain(layout, B)).replace("\n", " ")
    with pytest.raises(UsageError, match=f"failed there may be none: {DAY} {SECURITY}"):
        explain(layout, 5)
    change_manifest(layout, entry={"state": "kept", "covered": False})
    shutil.rmtree(layout.tables)
    assert "do not cover this partition" in str(explain(layout, B))


def test_a_partition_without_its_receipt_is_not_finished(layout):
    layout.receipt(*KEY).unlink()
    with pytest.raises(UsageError, match="No partition is finished there"):
        explain(layout, B)


@pytest.mark.parametrize("times", [1, explanation._MOST_READS])
def test_a_partition_that_is_replaced_while_it_is_read(layout, monkeypatch, times):
    read, seen = explanation.read_day, []

    def replacing(*arguments):
        seen.append(read(*arguments))
        if len(seen) <= times:
            receipt = layout.receipt(*KEY)
            receipt.write_bytes(receipt.read_bytes() + b"\n")
        return seen[-1]

    monkeypatch.setattr(explanation, "read_day", replacing)
    if times == 1:
        assert explain(layout, B).days == (seen[1],)
    else:
        with pytest.raises(InputError, match="putting the order's partition in place"):
            explain(layout, B)


@pytest.mark.parametrize("name", ["sweep_metrics.parquet", "simulation_match_details.csv"])
def test_a_damaged_file_is_named(layout, name):
    path = layout.outputs(*KEY) / name
    path.write_bytes(b"\xff\x00,\n\x00")
    done = invoke("explain", B, "-o", layout.root)
    assert done.exit_code == 3
    assert str(path) in done.stderr
    assert "Traceback" not in done.output


def test_the_folder_of_a_replay_is_none_of_a_run(layout):
    change_manifest(layout, command="replay")
    with pytest.raises(InputError, match="that of a replay"):
        explain(layout, B)


def test_costs_of_the_other_sign_are_refused(layout):
    change_manifest(layout, version="0.2.0")
    with pytest.raises(InputError, match="other names of columns or signs of costs"):
        explain(layout, B)
