"""Bad input: the page says what cannot be answered and why, and shows the rest."""

import re

import numpy as np
import pytest
from drawn_market import drawn_market
from report_folders import LEDGER, bare_page, make_bare_folder, partition_entry, write_page
from rollup_folders import make_answer_folder, make_empty_folder

from sweep_dask.report.subject import has_tape
from sweep_dask.terms.arms import ARMS, REAL, arms_of
from sweep_dask.terms.dimensions import POPULATIONS

ANSWERS = {"verdict-table", "fill-and-cost", "populations", "agreement", "test-table"}


def page_of(root, market, **changes):
    return write_page(*make_answer_folder(root, market, **changes))


def gaps_of(page):
    return re.findall(r"<li>(.*?)</li>", page.html.partition('id="gaps"')[2].partition("</ul>")[0])


def test_complete_run_has_no_gaps_but_short_sells(page, market):
    assert page.ids.isdisjoint({"status", "warnings"})
    sweeps = market[REAL][market[REAL]["is_continuous"]]
    short = sweeps[sweeps["is_short_sell"]]
    assert 0 < len(short) < len(sweeps)
    (gap,) = gaps_of(page)
    assert gap.startswith(
        f"What is particular to short sales: {len(short):,} of these {len(sweeps):,} sweeps, "
        f"with {short['quantity'].sum():,} of the {sweeps['quantity'].sum():,} shares entered"
    )


@pytest.mark.parametrize(
    ("is_short_sell", "scenario"), [(False, "rest-dark"), (True, "as-entered")]
)
def test_short_sells_are_no_gap_where_there_are_none_or_nothing_is_changed(
    tmp_path, is_short_sell, scenario
):
    market = drawn_market(40, arms=arms_of(["centre-point"], [scenario]))
    for frame in market.values():
        frame["is_short_sell"] = is_short_sell
    assert not any("short sale" in gap for gap in gaps_of(page_of(tmp_path / "out", market)))


def test_no_sweeps(tmp_path):
    page = write_page(*make_empty_folder(tmp_path / "out"))
    assert "the input holds no sweep order" in page.text
    assert page.tables.keys().isdisjoint(ANSWERS)
    assert page.rows("ledger-files")


def test_no_finished_partition_holds_a_sweep(tmp_path):
    failed = [partition_entry(state="failed", reason="a worker died")]
    page = write_page(*make_empty_folder(tmp_path / "out", status="partial", partitions=failed))
    assert "no partition that finished holds a sweep order" in page.text
    assert "No partition was finished." in page.text


def test_no_sweep_in_continuous_trading(tmp_path):
    page = page_of(tmp_path / "out", drawn_market(40, is_continuous=False))
    assert "none of them was entered in continuous trading" in page.text
    assert [row[:2] for row in page.rows("populations")] == [["All sweeps", "40"]]
    assert page.tables.keys().isdisjoint(ANSWERS - {"populations"})


def test_folder_of_an_older_version(tmp_path):
    page = bare_page(tmp_path / "out")
    assert "the folder holds no roll-ups (tables/rollups)" in page.text
    assert page.tables.keys().isdisjoint(ANSWERS)
    assert page.rows("partition-table")


@pytest.mark.parametrize("with_tables", [False, True])
def test_interrupted_run_shows_no_figures_also_not_older_ones(tmp_path, with_tables):
    make = make_answer_folder if with_tables else make_bare_folder
    page = write_page(*make(tmp_path / "out", status="interrupted"))
    assert "Interrupted: this run did not finish" in page.text
    assert "no figures to show" in page.text
    assert page.tables.keys().isdisjoint(ANSWERS)
    assert page.rows("partition-table")[0][5] == "3"


def test_roll_ups_of_an_earlier_run_are_not_shown(tmp_path):
    layout, manifest = make_answer_folder(tmp_path / "out")
    page = write_page(layout, manifest | {"files": {}})
    assert page.tables.keys().isdisjoint(ANSWERS)


def test_partial_run_cannot_be_overlooked(tmp_path):
    broken = partition_entry(security=7, state="failed", reason="ValueError: no such thing")
    partitions = [partition_entry(sweeps=3), broken]
    page = write_page(
        *make_answer_folder(tmp_path / "out", status="partial", partitions=partitions)
    )
    assert page.html.index('class="alarm"') < page.html.index('id="found"')
    assert "1 of 2 partitions failed" in page.text
    assert "The outcome in 1 of 2 partitions" in page.text
    assert page.rows("failed") == [["2024-10-04", "7", "ValueError: no such thing"]]
    assert len(page.rows("partition-table")) == 1


def test_no_trades_and_no_quotes(tmp_path):
    page = write_page(*make_answer_folder(tmp_path / "out", ledger=LEDGER[:1]))
    assert "the input holds no trade of a Centre Point order of these dates" in page.text
    assert "no quote belongs to these dates and securities" in page.text
    assert_untaped(page)


def assert_untaped(page):
    """No word on what really filled; simulations beside each other, below."""
    assert page.ids.isdisjoint({"headline", "reading", "choices", "trust", "adopters"})
    assert "What really filled is not in the input, so there is no answer." in page.text
    untold = ("of these really filled", "Had they", "in the lit book what really filled")
    assert not any(words in page.text for words in untold)
    assert page.tables.keys().isdisjoint({"verdict-table", "cost-parts", "by-outcome"})
    names = [row[0] for row in page.rows("fill-and-cost")]
    assert names == ["As entered", "Dual post", "Rest dark", "Dark only"]
    assert {row[1] for row in page.rows("test-table")} == {"as entered"}
    assert [row[0] for row in page.rows("engagement")] == names[1:]
    assert [row[0] for row in page.rows("populations")] == [
        one.heading for one in POPULATIONS.values()
    ][:2]
    assert "No sweep is drawn: what really filled is not in the input." in page.text


@pytest.mark.parametrize("gap", ["no_trades", "no_tape"])
def test_no_partition_has_a_tape(tmp_path, gap):
    partitions = [partition_entry(security=n) | {"gaps": [gap, "no_quotes"]} for n in (1, 2)]
    partitions += [partition_entry(security=3, state="failed", reason="no") | {"gaps": []}]
    layout, manifest = make_answer_folder(tmp_path / "out", partitions=partitions)
    assert not has_tape(manifest)
    page = write_page(layout, manifest)
    assert "Point order of these dates and securities that tells dark from lit." in page.text
    assert_untaped(page)


def test_some_partitions_have_no_tape(tmp_path):
    partitions = [partition_entry(security=1), partition_entry(security=2) | {"gaps": ["no_tape"]}]
    page = write_page(*make_answer_folder(tmp_path / "out", partitions=partitions))
    assert "What really filled in 1 of 2 partitions" in page.text
    assert "headline" in page.ids


@pytest.mark.parametrize(
    ("models", "scenarios"), [(["time-priority"], []), (["centre-point"], ["rest-dark"])]
)
def test_nothing_is_left_to_compare_without_a_tape(tmp_path, models, scenarios):
    market = drawn_market(30, arms=arms_of(models, scenarios))
    page = page_of(tmp_path / "out", market, ledger=LEDGER[:1])
    assert "the input holds no trade" in page.text
    assert "headline" not in page.ids
    assert page.tables.keys().isdisjoint({"verdict-table", "test-table"})


def test_one_side_only(tmp_path):
    market = drawn_market(60)
    for frame in market.values():
        frame["side"] = "sell"
    page = page_of(tmp_path / "out", market)
    assert "Whether it is the same on both sides: all of these sweeps sell" in page.text


def test_no_prices(tmp_path):
    market = drawn_market(240)
    for frame in market.values():
        priced = [name for name in frame if name.endswith(("_aud", "_bps"))]
        frame[["arrival_midpoint", *priced]] = np.nan
    page = page_of(tmp_path / "out", market)
    assert "costs, spreads and shortfalls are missing" in page.text
    assert "distribution-implementation_shortfall_bps" not in page.ids
    row = page.rows("fill-and-cost")[0]
    assert float(row[4]) > 0
    assert row[-2] == "\u2013"
    assert "Nothing is decided: no sweep can be compared" in page.text


def test_everything_filled(tmp_path):
    market = drawn_market(60)
    for frame in market.values():
        frame["filled_quantity"], frame["unfilled_quantity"] = frame["quantity"], 0
        frame["fill_ratio"], frame["outcome"] = 1.0, "filled"
        frame["unfilled_reason"], frame["has_residual"] = "", False
        frame["real_outcome"] = "filled"
    page = page_of(tmp_path / "out", market)
    assert "every sweep really filled whole" in page.text
    assert "Every sweep filled whole, in every scenario." in page.text
    assert page.rows("verdict-table")[0][2] == "0.000.00 to 0.00"
    assert "Dual post: fill ratio (no difference)" in page.text.replace("post :", "post:")
    assert "residual" not in {row[0] for row in page.rows("populations")}


def test_nobody_meets_anybody(tmp_path):
    market = drawn_market(60)
    for frame in market.values():
        frame["filled_quantity"] = frame["dark_quantity"] = frame["fill_count"] = 0
        frame["unfilled_quantity"], frame["fill_ratio"] = frame["quantity"], 0.0
        frame["outcome"] = frame["real_outcome"] = "unfilled"
        fills = [name for name in frame if "improvement" in name or "spread_bps" in name]
        frame[[*fills, "time_to_first_fill_seconds", "mean_time_to_fill_seconds"]] = np.nan
    page = page_of(tmp_path / "out", market)
    assert "With orders of one side only" in page.text
    assert page.rows("fill-and-cost")[0][5:8] == ["0.0", "\u2013", "\u2013"]
    assert page.rows("verdict-table")


def test_time_priority_without_a_match(tmp_path):
    layout, manifest = make_answer_folder(tmp_path / "out")
    manifest["counts"]["matches"] = 0
    assert "the model made no match" in write_page(layout, manifest).text


def test_tape_alone(tmp_path):
    """What a run leaves none of whose models could say anything."""
    page = page_of(tmp_path / "out", drawn_market(30, arms=[REAL]))
    assert [row[0] for row in page.rows("fill-and-cost")] == ["Tape"]
    assert "Nothing could be tested" in page.text
    assert "no other arm to compare" in page.text


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("arms", [ARMS, arms_of(["time-priority"], [])])
def test_very_few_sweeps(tmp_path, count, arms):
    page = page_of(tmp_path / "out", drawn_market(count, arms=arms, is_continuous=True))
    shown = page.rows("fill-and-cost")
    assert {row[1] for row in shown} == {str(count)}
    assert ("verdict-table" in page.tables) == (arms == ARMS)


def test_without_session_rows_days_with_a_timetable_end(tmp_path):
    """Until June 2025 there was none: trading is taken not to end then."""
    partitions = [partition_entry() | {"gaps": ["no_session_rows"]}, partition_entry(security=2)]
    (gap,) = (
        gap
        for gap in gaps_of(write_page(*make_empty_folder(tmp_path, partitions=partitions)))
        if "session row" in gap
    )
    assert gap == (
        "How long sweeps could wait in 1 of 2 partitions: no session row tells when continuous "
        "trading ends, so that it is taken not to end; from 23 June 2025 on, to end by the "
        "timetable."
    )
