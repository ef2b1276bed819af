"""The first section answers: what filled, what a scenario changes, how sure that is."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_market import drawn_market
from report_folders import write_page
from rollup_folders import make_answer_folder

from sweep_dask.analysis.centre_point.scenarios import ASSUMPTIONS, SCENARIOS
from sweep_dask.analysis.metrics.lines import LINES, REAL, REPLAYED, lines_of
from sweep_dask.analysis.rollups import dimensions
from sweep_dask.analysis.rollups.metrics import HEADLINE
from sweep_dask.report.effects import METRICS, Effect, effect_of
from sweep_dask.report.line_words import WORDS
from sweep_dask.report.measures import POPULATION_SQL
from sweep_dask.report.populations import POPULATIONS
from sweep_dask.report.rollups import DIMENSIONS

NAMES = ["Tape", "Time priority", "As entered", "Dual post", "Rest dark", "Dark only"]


def page_of(root, **market):
    return write_page(*make_answer_folder(root, drawn_market(120, **market)))


def effect(mean=0.1, low=0.05, high=0.15, p_holm=0.001, reason=""):
    return Effect("fill_ratio", "tape", "rest-dark", 9, 3, mean, low, high, p_holm, reason, {})


def test_words_cover_every_line_population_and_metric():
    assert list(WORDS) == [line.name for line in LINES]
    assert list(POPULATIONS) == list(POPULATION_SQL) == list(dimensions.POPULATIONS)
    assert {*DIMENSIONS, "all"} == set(dimensions.DIMENSIONS)
    assert METRICS.keys() == set(HEADLINE)


def test_what_really_filled(page, market):
    real = market[REAL]
    real = real[real["is_continuous"]]
    assert f"{len(real):,} sweeps entered in continuous trading" in page.text
    filled = real["filled_quantity"].sum()
    assert f"For real {filled:,} of these filled ({filled / real['quantity'].sum():.1%}" in (
        page.text.replace(" %", "%")
    )


def test_scenarios_are_measured_against_the_replay_and_time_priority_against_the_tape(page):
    rows = page.rows("answer-table")
    assert [row[:2] for row in rows] == [
        ["Dual post", "as entered"],
        ["Rest dark", "as entered"],
        ["Dark only", "as entered"],
        ["Time priority", "tape"],
    ]
    assert rows[1][2].startswith("\u2212")
    assert "so that the error of the book is on both sides and cancels" in page.text


def test_effects_are_sentences_with_intervals(page):
    key = "comparisons/continuous/as-entered/rest-dark/all/all/fill_ratio"
    mean, low, high = (-100 * page.numbers[f"{key}/{name}"] for name in ("mean", "low", "high"))
    assert f"would fill {mean:.2f} points less ({high:.2f} to {low:.2f})" in page.text
    assert "whole security-days, of which there are 12" in page.text
    assert "more than chance" in page.text


def test_the_headline_names_the_best_line(page):
    assert "Dual post, of the scenarios, would have filled the most" in page.text
    # Dark only fills least: what is left costs it nothing at the midpoint.
    assert "Which line costs least depends on how what is left is counted: Dark only" in page.text
    assert "pays no spread:" not in page.text


def test_both_shortfalls_are_in_every_sentence(page):
    changes = page.text.count("if what is left had still to be traded across half the spread.")
    # Those of the four lines and the headline's is another.
    assert changes == 4
    assert "with what was left still to be traded across half the spread" in page.text
    tested = [row[:2] for row in page.rows("test-table")]
    assert ["Completed shortfall, bps, + = costlier", "Dual post"] in tested


def test_what_is_left_is_counted_at_the_moment_of_the_settings(page, tmp_path):
    assert "counted at the midpoint when the sweep ended" in page.text
    layout, manifest = make_answer_folder(tmp_path / "out", drawn_market(30))
    manifest["settings"]["shortfall_horizon_seconds"]["value"] = 300
    text = write_page(layout, manifest).text
    assert "counted at the midpoint 300 seconds after the arrival" in text
    assert "when the sweep ended" not in text


def test_trust_counts_the_sweeps_that_trade_in_the_dark_again(page, market):
    """Not all sweeps: most are filled in the lit book, and copied from the tape."""
    asked = market[REAL]["is_continuous"]
    really, again = ((market[line]["dark_quantity"] > 0)[asked] for line in (REAL, REPLAYED))
    both, others = (really & again).sum(), (again & ~really).sum()
    sentence = (
        f"{both} of the {really.sum()} sweeps that really traded in the dark do so in the book"
    )
    assert f"{sentence}, and {others} that did not;" in page.text


def test_one_security_day_is_said(tmp_path):
    page = page_of(tmp_path / "out", days=1, securities=1)
    assert "There is only one security-day here" in page.text
    assert "there is no interval and no p-value" in page.text
    assert "are drawn by whole security-days" not in page.text
    effect, _, p_value = page.rows("answer-table")[0][2:5]
    assert (effect != "\u2013", p_value) == (True, "\u2013")
    assert "not tested: one security-day only" in page.text


def test_a_metric_of_one_security_day_among_others_is_not_tested(tmp_path):
    market = drawn_market(120)
    for frame in market.values():
        known = (frame["date"] == frame["date"][0]) & (frame["security"] == frame["security"][0])
        frame.loc[~known, "completed_shortfall_bps"] = np.nan
    page = write_page(*make_answer_folder(tmp_path / "out", market))
    by = {row[0]: row for row in page.rows("test-table") if row[1] == "Dual post"}
    completed = by["Completed shortfall, bps, + = costlier"]
    assert completed[4:6] == ["\u2013", "\u2013"]
    assert completed[-1] == "not tested: one security-day only"
    assert by["Fill ratio, points, + = more"][7] == "12"
    assert "of which there are 12," in page.text


def test_the_effect_with_the_fewest_security_days_is_warned_of(tmp_path):
    market = drawn_market(120)
    for frame in market.values():
        frame.loc[frame["date"] != frame["date"][0], "completed_shortfall_bps"] = np.nan
    page = write_page(*make_answer_folder(tmp_path / "out", market))
    assert "of which there are 4 to 12," in page.text
    assert "Fewer than ten say little" in page.text


def test_few_security_days_are_said(tmp_path):
    assert "Fewer than ten say little" in page_of(tmp_path / "out", days=1).text


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (effect(), "more than chance"),
        (effect(low=-0.01), "not certain: the interval holds 0"),
        (effect(p_holm=0.2), "may be chance"),
        (effect(0.0, None, None, None, "all differences are equal"), "no difference at all"),
        (effect(0.2, None, None, None, "all differences are equal"), "the same in every sweep"),
        (
            effect(0.2, None, None, None, "one security-day only"),
            "not tested: one security-day only",
        ),
    ],
)
def test_verdicts(found, verdict):
    assert found.verdict == verdict


def test_effects_are_those_of_the_table():
    row = {
        "metric": "fill_ratio",
        "reference": "tape",
        "model": "time-priority",
        "scenario": None,
        "n_pairs": 5,
        "n_clusters": 2,
        "mean_difference": -0.25,
        "low": -0.5,
        "high": 0.0,
        "p_holm": 0.03,
        "reason": "",
    }
    found = effect_of(row)
    assert (found.mean, found.low, found.high) == (-0.25, -0.5, 0.0)
    assert not found.excludes_zero


@pytest.mark.parametrize(
    ("metric", "mean", "low", "high", "said", "between"),
    [
        ("fill_ratio", 0.031, 0.02, 0.042, "3.10 points more", "2.00 to 4.20"),
        ("fill_ratio", -0.031, -0.042, -0.02, "3.10 points less", "2.00 to 4.20"),
        ("implementation_shortfall_bps", -1.2, -2, -0.4, "1.20 bps cheaper", "0.40 to 2.00"),
        ("arrival_cost_bps", 1.2, -0.4, 2, "1.20 bps costlier", "0.40 cheaper to 2.00 costlier"),
        ("far_touch_improvement_bps", 1, 0.0, 2, "1.00 bps better", "0.00 to 2.00"),
        ("mean_time_to_fill_seconds", 5, -1, 11, "5.00 s slower", "1.00 faster to 11.00 slower"),
        ("fill_ratio", 0.0, -0.1, 0.1, "the same", "10.00 less to 10.00 more"),
    ],
)
def test_effects_in_words_need_no_convention(metric, mean, low, high, said, between):
    words = METRICS[metric]
    assert (words.said(mean), words.between(low, high)) == (said, between)


def test_better_is_what_the_comparison_says():
    assert effect(0.2).gain > 0 > effect(-0.2).gain
    assert replace(effect(0.2), metric="effective_spread_bps").gain < 0
    assert effect(None).gain == 0


def test_every_line_has_a_row(page):
    assert [row[0] for row in page.rows("fill-and-cost")] == NAMES
    assert [row[0] for row in page.rows("populations")] == list(POPULATIONS.values())


def test_scenario_without_the_others(tmp_path):
    lines = lines_of(["centre-point"], ["rest-dark"])
    page = page_of(tmp_path / "out", lines=lines)
    assert [row[0] for row in page.rows("fill-and-cost")] == ["Tape", "Rest dark"]
    assert [row[:2] for row in page.rows("answer-table")] == [["Rest dark", "tape"]]
    assert "as entered was not run" in page.text
    assert len(page.rows("scenario-meanings")) == 1


def test_replay_alone(tmp_path):
    page = page_of(tmp_path / "out", lines=lines_of(["centre-point"], ["as-entered"]))
    assert "no scenario was run besides as entered" in page.text
    assert "answer-table" not in page.tables
    assert [row[0] for row in page.rows("fill-and-cost")] == ["Tape", "As entered"]
    assert "Played again as entered," in page.text


def test_without_the_centre_point_model(tmp_path):
    page = page_of(tmp_path / "out", lines=lines_of(["time-priority"], []))
    assert [row[:2] for row in page.rows("answer-table")] == [["Time priority", "tape"]]
    assert page.ids.isdisjoint({"unfilled", "scenarios"})
    assert "Only as far as the time-priority model" in page.text
    assert "Time priority would have filled more" in page.text
    assert "of the scenarios" not in page.text


def test_without_the_time_priority_model(tmp_path):
    page = page_of(tmp_path / "out", lines=lines_of(["centre-point"], SCENARIOS))
    assert [row[0] for row in page.rows("answer-table")] == ["Dual post", "Rest dark", "Dark only"]
    assert page.ids.isdisjoint({"limits", "gaps"})


def test_assumptions_are_those_of_the_run(page, tmp_path):
    meanings = [[WORDS[name].label, meaning] for name, meaning in SCENARIOS.items()]
    assert page.rows("scenario-meanings") == meanings
    assert all(assumption in page.text for assumption in ASSUMPTIONS)
    own = write_page(*make_answer_folder(tmp_path / "own", assumptions=["as we please"]))
    assert "as we please" in own.text
    assert ASSUMPTIONS[0] not in own.text


def test_limits_of_time_priority_are_on_the_page(page):
    for limit in ("No limit is respected", "used twice", "Resting orders are ignored"):
        assert limit in page.text
