"""Tables and charts below the answer: bounded, in order, and complete in what they say."""

import numpy as np
import pytest
from drawn_market import drawn_market
from report_folders import write_page
from rollup_folders import make_answer_folder

from sweep_dask.analysis.centre_point.sweep_outcomes import REASONS
from sweep_dask.report.distributions import axis_of, box_panels, curves
from sweep_dask.report.effects import METRICS
from sweep_dask.report.plot import Curve
from sweep_dask.report.rollups import read_rollups
from sweep_dask.report.segments import MOST_SEGMENTS
from sweep_dask.terms.dimensions import MARKETABILITY
from sweep_dask.terms.reasons import DECREASED, FILLED_LATER, LEFT_OUT_REASONS, UNFILLED_REASONS


@pytest.fixture(scope="module")
def found(answer_folder):
    return read_rollups(answer_folder[0].tables / "rollups")


def test_segments_are_in_their_natural_order(page):
    assert [row[0] for row in page.rows("by-size")] == ["up to 500", "501 to 2,000", "above 2,000"]
    assert [row[0] for row in page.rows("by-hour")] == [f"{hour}:00" for hour in range(10, 16)]
    assert [row[0] for row in page.rows("by-marketability")] == list(MARKETABILITY)
    outcomes = [row[0] for row in page.rows("by-outcome")]
    assert outcomes == ["unfilled", "partly filled", "filled whole"]
    assert [row[0] for row in page.rows("by-size_quantile")] == ["Q1", "Q2", "Q3", "Q4"]


def test_segments_add_up(page):
    every = page.numbers["by_all/continuous/all/tape/sweeps"]
    for dimension in ("marketability", "size", "hour", "outcome", "day", "security", "side"):
        counts = [int(row[1].replace(",", "")) for row in page.rows(f"by-{dimension}")]
        assert sum(counts) == every


def test_only_the_largest_participants_are_listed(page):
    rows = page.rows("by-participant")
    assert len(rows) == MOST_SEGMENTS
    assert "10 more are not shown; all are in tables/rollups/by_participant.parquet" in page.text


def test_one_segment_is_no_table(tmp_path):
    market = drawn_market(60, days=1, securities=1)
    page = write_page(*make_answer_folder(tmp_path / "out", market))
    assert page.tables.keys().isdisjoint({"by-day", "by-security"})


def test_agreement_has_a_column_a_line(page):
    rows = page.rows("agreement")
    assert [row[0] for row in rows] == [words.heading for words in METRICS.values()]
    assert {len(row) for row in rows} == {6}


def test_shares_of_the_verdicts_add_up(page):
    key = "comparisons/continuous/tape/time-priority/all/all/fill_ratio"
    names = ("n_worse_share", "n_agree_share", "n_better_share")
    assert sum(page.numbers[f"{key}/{name}"] for name in names) == pytest.approx(1)


def test_averages_of_both_kinds_and_conditions(page):
    rows = page.rows("averages")
    assert len(rows) == 5 * len(METRICS)
    assert {len(row) for row in rows} == {9}


def test_parts_of_the_cost_are_simulated_minus_real(page, market):
    frames = {arm.name: frame for arm, frame in market.items()}
    chosen = frames["dark-only"][frames["dark-only"]["is_continuous"]]
    key = "by_all/continuous/all/dark-only"
    for name in ("price_part_aud", "quantity_part_aud", "time_part_aud"):
        assert page.numbers[f"{key}/{name}"] == pytest.approx(chosen[name].sum())
    assert len(page.rows("cost-parts")) == 5


def test_curves_are_the_percentiles(found, market):
    drawn = curves(found, "fill_ratio")
    assert [curve.line for curve in drawn] == [f"line-{arm.name}" for arm in found.arms]
    real = next(iter(market.values()))
    values = real.loc[real["is_continuous"], "fill_ratio"]
    expected = 100 * np.percentile(values, range(101))
    assert drawn[0].x == pytest.approx(expected, rel=2**-8)
    assert drawn[0].y == pytest.approx(np.arange(101))


def test_axis_leaves_out_single_sweeps():
    value = [-1e6, *range(99), 1e6]
    low, high = axis_of([Curve("line-tape", "Tape", value, list(range(101)))]).ends
    assert -10 < low < 5
    assert 95 < high < 110


def test_boxes_share_an_axis(found):
    for panel in box_panels(found):
        positions = [position for box in panel.boxes for position in box.positions]
        assert min(positions) == 0
        assert max(positions) == 100 or set(positions) == {0}
        assert all(list(box.positions) == sorted(box.positions) for box in panel.boxes)


def test_every_metric_and_line_is_among_the_tests(page):
    assert len(page.rows("test-table")) == 5 * len(METRICS)


def test_tests_that_cannot_be_made_say_why(tmp_path):
    page = write_page(*make_answer_folder(tmp_path / "out", drawn_market(1, is_continuous=True)))
    assert all(row[-1] for row in page.rows("test-table"))


def test_reasons_that_occur_are_in_words(page):
    assert [row[0] for row in page.rows("unfilled-reasons")] == [
        UNFILLED_REASONS[name].words for name in ("limit", "no_contra", "session")
    ]


def test_every_reason_of_the_model_has_words():
    assert UNFILLED_REASONS.keys() == {*REASONS.values(), DECREASED, FILLED_LATER}


def test_orders_left_out_are_explained(tmp_path):
    left_out = {"out_of_order": 2, "crossing_order": 1}
    page = write_page(*make_answer_folder(tmp_path / "out", left_out=left_out))
    assert page.rows("left-out") == [
        ["crossing_order", "1", LEFT_OUT_REASONS["crossing_order"]],
        ["out_of_order", "2", LEFT_OUT_REASONS["out_of_order"]],
    ]


def test_no_order_left_out(page):
    assert "None: every order of the input is in the book." in page.text


def test_every_number_is_exact_behind_its_text(page):
    assert len(page.numbers) > 1_000
    # Rounded only for people: the value has more digits than the text.
    exact = page.numbers["by_all/continuous/all/tape/filled_share"]
    assert exact != round(exact, 3)
    assert f"{exact:.1%}".replace("%", " %") in page.text
