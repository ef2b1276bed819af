"""Records are whole, agree with the code that goes by them, and cost nothing to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sweep_dask.terms import arms, deal_sources, metrics
from sweep_dask.terms.columns.ours import column_of
from sweep_dask.terms.metric import Detail, Direction, Metric


def test_a_name_costs_no_compiled_code():
    script = (
        "import pkgutil, sys, importlib, sweep_dask.terms as terms\n"
        "names = [one.name for one in pkgutil.iter_modules(terms.__path__)]\n"
        "[importlib.import_module(f'sweep_dask.terms.{name}') for name in names]\n"
        "print(len(names), sorted({'numba', 'numpy', 'pandas', 'pyarrow'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    count, loaded = done.stdout.split(maxsplit=1)
    assert int(count) > 5
    assert loaded.strip() == "[]"


def test_every_deal_source_that_the_book_writes_is_told():
    meaning = column_of("matches", "deal_source").meaning
    assert all(f"{number} {deal_sources.NAMES[number]}" in meaning for number in deal_sources.DARK)


@pytest.mark.parametrize("file", ["sensitivity", "by_choice"])
def test_a_scenario_of_choices_may_be_the_tape(file):
    assert "`tape`" in column_of(file, "scenario").meaning
    assert "missing" in column_of("sweep_metrics", "scenario").meaning


@pytest.mark.parametrize("file", ["robustness", "verdicts"])
def test_bounds_of_an_effect_are_in_its_unit(file):
    assert column_of(file, "low").meaning.endswith("see `unit`")
    assert column_of("comparisons", "low").meaning.endswith("unit of the metric")


@pytest.mark.parametrize("name", metrics.HEADLINE)
def test_what_is_told_by_segment_has_a_heading_and_a_direction(name):
    metric = metrics.COLUMNS[name].metric
    assert metric.heading
    assert metric.direction != Direction.NEITHER


@pytest.mark.parametrize("name", metrics.ANSWER)
def test_what_the_answer_is_about_has_its_words_and_its_worth(name):
    metric = metrics.COLUMNS[name].metric
    assert metric.worth
    assert all(metric.would)
    assert name in metrics.HEADLINE


def test_metrics_with_a_verdict_by_hand():
    """A cost is bad for the order, as are waits; an improvement is good; a price is neither."""
    assert metrics.COMPARED["arrival_cost_bps"] == Direction.COST
    assert metrics.COMPARED["time_to_first_fill_seconds"] == Direction.COST
    assert metrics.COMPARED["far_touch_improvement_aud"] == Direction.GAIN
    assert metrics.COMPARED["vwap"] == Direction.NEITHER
    assert "market_drift_bps" not in metrics.COMPARED


def test_columns_of_a_metric_in_several_units():
    metric = Metric("cost", "…", units=("price", "bps", "aud"), direction=Direction.COST)
    assert [column.name for column in metric.columns] == ["cost_price", "cost_bps", "cost_aud"]
    assert [column.query for column in metric.columns[1:]] == ["avg(cost_bps)", "sum(cost_aud)"]
    assert metric.columns[1].ways == ("costlier", "cheaper")
    assert metric.detail == Detail.TABLE


def test_arms_are_the_tape_the_other_model_and_the_scenarios():
    assert [arm.name for arm in arms.ARMS] == ["tape", "time-priority", *arms.SCENARIOS]
    assert all(arm.heading and arm.had for arm in arms.ARMS)
    assert arms.arms_of(["centre-point"], ["rest-dark"]) == [
        arms.REAL,
        arms.Arm("centre-point", "rest-dark"),
    ]


def test_who_acts_as_recorded_in_the_dark_does_so_in_the_lit_book():
    with pytest.raises(AssertionError):
        arms.Scenario("odd", "Odd", "been odd", "They are odd.", takes_lit=False)
