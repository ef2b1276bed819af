"""Orders that cannot be true: counted, listed, left out of the book, and the run goes on."""

import pyarrow.parquet as pq
import pytest
from dark_markets import GONE, dark_market
from markets import BUY, CROSSING, FIRST_ID, OPENING_NS, SECOND, SELL, SWEEP, TRADED
from running import as_printed, invoke, replay_here, run_here

from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.summary import describe_run
from sweep_dask.study.verify import verify_output
from sweep_dask.terms.reasons import LEFT_OUT_REASONS

DATE, SECURITY = "2024-10-04", 101
OPENING = OPENING_NS[DATE]
A, B, C, D = (FIRST_ID + number for number in range(1, 5))
STRANGER = FIRST_ID + 7


def rows_of(market, order_id):
    return [row for row in market.rows["orders"] if row["order_id"] == order_id]


def trades_of(market, order_id):
    return [row for row in market.rows["trades"] if row["orderid"] == order_id]


def a_crossing_order(market):
    market.order(
        STRANGER, OPENING + 5 * SECOND, SECURITY, BUY, 10, exchangeordertype=CROSSING, orderstatus=1
    )


def two_books_at_once(market):
    market.order(STRANGER, OPENING + 5 * SECOND, SECURITY, BUY, 10, exchangeordertype=64 + SWEEP)


def a_bit_that_means_nothing(market):
    market.order(STRANGER, OPENING + 5 * SECOND, SECURITY, BUY, 10, exchangeordertype=64 + 2**14)


def a_midtick_that_does_not_exist(market):
    market.order(STRANGER, OPENING + 5 * SECOND, SECURITY, BUY, 10, midtick=9)


def a_block_midtick_of_a_plain_order(market):
    market.order(STRANGER, OPENING + 5 * SECOND, SECURITY, BUY, 10, midtick=5)


def a_row_stamped_before_the_one_ahead(market):
    market.order(STRANGER, OPENING - 600 * SECOND, SECURITY, BUY, 10)


def a_first_row_that_is_a_fill(market):
    fill = {"changereason": TRADED, "leavesquantity": 0, "orderstatus": GONE}
    market.order(STRANGER, OPENING + 70 * SECOND, SECURITY, BUY, 10, **fill)


def a_trade_before_the_entry(market):
    market.trade(STRANGER, OPENING + 70 * SECOND, SECURITY, BUY, 10, 1005, dealsource=1)
    filled = {"leavesquantity": 0, "totalmatchedquantity": 10}
    market.order(STRANGER, OPENING + 71 * SECOND, SECURITY, BUY, 10, **filled)


def a_total_that_no_trade_explains(market):
    market.order(STRANGER, OPENING + 70 * SECOND, SECURITY, BUY, 10)
    fill = {"changereason": TRADED, "leavesquantity": 4, "totalmatchedquantity": 6}
    market.order(STRANGER, OPENING + 71 * SECOND, SECURITY, BUY, 10, **fill)


def a_total_that_falls(market):
    fill = {"changereason": TRADED, "leavesquantity": 4, "totalmatchedquantity": 6}
    market.order(STRANGER, OPENING + 70 * SECOND, SECURITY, BUY, 10)
    market.order(STRANGER, OPENING + 71 * SECOND, SECURITY, BUY, 10, **fill)
    market.trade(STRANGER, OPENING + 71 * SECOND, SECURITY, BUY, 6, 1005, dealsource=1)
    fill = {"changereason": TRADED, "leavesquantity": 8, "totalmatchedquantity": 2}
    market.order(STRANGER, OPENING + 72 * SECOND, SECURITY, BUY, 10, **fill)


FAULTS = {
    a_crossing_order: "crossing_order",
    two_books_at_once: "unknown_order_type",
    a_bit_that_means_nothing: "unknown_order_type",
    a_midtick_that_does_not_exist: "unknown_midtick",
    a_block_midtick_of_a_plain_order: "unknown_midtick",
    a_row_stamped_before_the_one_ahead: "out_of_order",
    a_first_row_that_is_a_fill: "fills_before_entry",
    a_trade_before_the_entry: "fills_before_entry",
    a_total_that_no_trade_explains: "totals_contradict_trades",
    a_total_that_falls: "totals_contradict_trades",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """What becomes of the market without a fault."""
    folder = tmp_path_factory.mktemp("sound")
    return run(dark_market(dates=(DATE,)), folder)


def run(market, folder, **settings):
    return run_here(market.write(folder / "in"), folder / "out", enable_parallel=False, **settings)


@pytest.mark.parametrize(
    ("fault", "reason"), FAULTS.items(), ids=lambda item: getattr(item, "__name__", item)
)
def test_an_order_that_cannot_be_true_is_left_out_and_listed(sound, tmp_path, fault, reason):
    market = dark_market(dates=(DATE,))
    fault(market)
    result = run(market, tmp_path)
    assert result.exit_code == 0
    assert result.manifest["left_out"] == {reason: 1}
    listed = result.table("centre_point_left_out")
    assert listed[["date", "security", "order_id", "left_out_reason"]].to_numpy().tolist() == [
        [DATE, SECURITY, STRANGER, reason]
    ]
    assert listed["sequence"].isin([r["sequence"] for r in rows_of(market, STRANGER)]).all()
    path = f"outputs/{DATE}/{SECURITY}/centre-point/left_out.parquet"
    assert pq.read_table(result.output / path)["order_id"].to_pylist() == [STRANGER]
    # All others do what they did before.
    assert result.manifest["scenarios"] == sound.manifest["scenarios"]
    counts = [p["left_out"] for p in result.manifest["partitions"]]
    assert counts == [{reason: 1}, {}]
    text = as_printed(describe_run(result.record, result.output))
    assert "Orders left out of the book: 1, listed in outputs/*/*/centre-point/" in text
    assert f"1 {reason}: " in text
    assert verify_output(OutputLayout(result.output))[1] == []


def test_several_faults_are_counted_by_reason(tmp_path):
    market = dark_market(dates=(DATE,))
    for row in [*rows_of(market, C), *rows_of(market, D)]:
        row["midtick"] = 9
    a_crossing_order(market)
    result = run(market, tmp_path)
    assert result.manifest["left_out"] == {"crossing_order": 1, "unknown_midtick": 2}
    # Without C and D nothing is there for what is left of the sweep.
    totals = result.manifest["scenarios"]["rest-dark"]
    assert totals["dark"] == 100 + 130


def test_a_sweep_that_is_left_out_is_no_row_of_the_summary(tmp_path):
    market = dark_market(securities=(SECURITY,), dates=(DATE,))
    for row in trades_of(market, B)[:1]:
        row["quantity"] += 1
    result = run(market, tmp_path)
    assert result.manifest["left_out"] == {"totals_contradict_trades": 1}
    assert len(result.table("centre_point_order_summary")) == 0
    assert len(result.table("centre_point_sweep_fills")) == 0
    # The time-priority model knows nothing of it.
    assert len(result.table("simulation_order_summary")) == 1


@pytest.mark.parametrize("quantity", [2**63 - 1, 10**15])
def test_a_sweep_beyond_all_sums_enters_none(sound, tmp_path, quantity):
    market = dark_market(dates=(DATE,))
    sweep = {"exchangeordertype": SWEEP, "leavesquantity": quantity}
    market.order(STRANGER, OPENING + 5 * SECOND, SECURITY, BUY, quantity, **sweep)
    result = run(market, tmp_path)
    assert result.exit_code == 0
    assert result.manifest["left_out"] == {"quantity_too_large": 1}
    assert result.manifest["scenarios"] == sound.manifest["scenarios"]
    for name in ("sweep_metrics", "rollups/by_participant"):
        tables = [one.table(name) for one in (result, sound)]
        # The time-priority model takes its numbers as they are.
        of_book = [table[table["model"] != "time-priority"] for table in tables]
        assert of_book[0].equals(of_book[1]), name
    (found,) = [c for c in result.manifest["checks"] if c["check"] == "quantity_too_large"]
    assert (found["severity"], found["counts"]) == ("warning", {"rows": 1})


@pytest.mark.parametrize("garbage", [2**62, 10**15])
def test_a_trade_beyond_all_sums_enters_no_score(sound, tmp_path, garbage):
    market = dark_market(dates=(DATE,))
    for side, order_id in ((BUY, STRANGER), (SELL, A)):
        dark = {"dealsource": 47, "matchgroupid": 9}
        market.trade(order_id, OPENING + 70 * SECOND, SECURITY, side, garbage, 1005, **dark)
    result = run(market, tmp_path, max_bad_fraction=0.5)
    rejects = pq.read_table(result.output / "rejects/trades.parquet")
    assert rejects["reason"].to_pylist() == ["out_of_range"] * 2
    assert result.fidelity == sound.fidelity


@pytest.mark.parametrize("garbage", [10**15 - 1, 2 * 10**8])
@pytest.mark.parametrize("column", ["bidprice", "offerprice"])
def test_a_quote_beyond_all_sums_is_rejected(sound, tmp_path, garbage, column):
    market = dark_market(dates=(DATE,))
    market.quote(OPENING + 15 * SECOND, SECURITY, 1000, 1010)
    market.rows["nbbo"][-1][column] = garbage
    result = run(market, tmp_path, max_bad_fraction=0.5)
    rejects = pq.read_table(result.output / "rejects/nbbo.parquet")
    assert (rejects["reason"].to_pylist(), rejects["column"].to_pylist()) == (
        ["out_of_range"],
        [column],
    )
    assert result.table("sweep_metrics").equals(sound.table("sweep_metrics"))


def test_every_order_may_be_left_out(tmp_path):
    market = dark_market(securities=(SECURITY,), dates=(DATE,))
    for row in market.rows["orders"]:
        row["midtick"] = 9 if row["exchangeordertype"] != SWEEP else 8
    result = run(market, tmp_path)
    assert result.exit_code == 0
    assert result.manifest["left_out"] == {"unknown_midtick": 4}
    assert result.manifest["scenarios"]["dark-only"] == dict.fromkeys(
        ("sweeps", "quantity", "dark", "lit", "unfilled"), 0
    )


def test_a_row_with_an_unknown_side_is_rejected_before(tmp_path):
    market = dark_market(dates=(DATE,))
    market.order(STRANGER, OPENING + 5 * SECOND, SECURITY, 3, 10)
    result = run(market, tmp_path, max_bad_fraction=0.5)
    assert result.exit_code == 0
    rejects = pq.read_table(result.output / "rejects/orders.parquet")
    assert rejects["column"].to_pylist() == ["side"]
    assert result.manifest["left_out"] == {}


def test_a_kept_partition_still_tells_what_was_left_out(tmp_path):
    market = dark_market(dates=(DATE,))
    a_crossing_order(market)
    first = run(market, tmp_path)
    again = run(market, tmp_path)
    assert [p["state"] for p in again.manifest["partitions"]] == ["kept", "kept"]
    assert again.manifest["left_out"] == first.manifest["left_out"] == {"crossing_order": 1}


def test_a_replay_lists_what_was_left_out(tmp_path):
    market = dark_market(dates=(DATE,))
    for row in rows_of(market, D)[:2]:
        row["midtick"] = 9
    folder = market.write(tmp_path / "in")
    result = replay_here(folder, tmp_path / "out", ablations=False, enable_parallel=False)
    listed = pq.read_table(result.output / "left_out.parquet").to_pylist()
    assert [(row["order_id"], row["left_out_reason"]) for row in listed] == [(D, "unknown_midtick")]
    assert result.record.as_json()["left_out"] == {"unknown_midtick": 1}
    (miss,) = result.fidelity["partitions"][0]["misses"]
    assert miss["cause"] == "order_not_in_input"


def test_the_command_says_so_and_ends_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    market = dark_market(dates=(DATE,))
    a_row_stamped_before_the_one_ahead(market)
    market.write(tmp_path / "in")
    done = invoke("run", "in", "-o", "out", "--no-parallel")
    assert done.exit_code == 0, done.output
    told = " ".join(done.stdout.split())
    assert f"1 out_of_order: {LEFT_OUT_REASONS['out_of_order']}" in told
    assert "Traceback" not in done.output


REPEATS = {
    "two of each": lambda sequence: sequence // 2,
    "seven of each": lambda sequence: sequence // 7,
    "one for all": lambda sequence: 1,
    "falling": lambda sequence: 10**6 - sequence,
}


@pytest.mark.parametrize("renumber", REPEATS.values(), ids=REPEATS.keys())
def test_sequence_numbers_that_repeat_or_fall_cost_no_partition(tmp_path, renumber):
    market = dark_market(dates=(DATE,))
    for row in (*market.rows["orders"], *market.rows["trades"]):
        row["sequence"] = renumber(row["sequence"])
    result = run(market, tmp_path)
    assert result.exit_code == 0
    assert [p["state"] for p in result.manifest["partitions"]] == ["computed"] * 2
    assert set(result.manifest["left_out"]) <= set(LEFT_OUT_REASONS)
    given = {"ablations": False, "enable_parallel": False}
    assert replay_here(tmp_path / "in", tmp_path / "out", **given).exit_code == 0


def test_times_tell_transactions_with_one_sequence_number_apart(sound, tmp_path):
    market = dark_market(dates=(DATE,))
    for row in (*market.rows["orders"], *market.rows["trades"]):
        row["sequence"] //= 2
    result = run(market, tmp_path)
    assert result.manifest["left_out"] == {}
    assert result.manifest["scenarios"] == sound.manifest["scenarios"]
