"""Every roll-up of four sweeps by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from drawn_rollups import make_sweeps

from sweep_dask.analysis.metrics.lines import REAL, Line
from sweep_dask.analysis.rollups.comparisons import averages, comparisons
from sweep_dask.analysis.rollups.dimensions import (
    DIMENSIONS,
    SOURCES,
    TEXT_LABELS,
    Segments,
    line_codes,
    population_levels,
    size_bounds,
)
from sweep_dask.analysis.rollups.example import example_sweep
from sweep_dask.analysis.rollups.labels import label_counts, segments_of
from sweep_dask.analysis.rollups.quantiles import (
    percentiles,
    segment_quantiles,
    sorted_quantiles,
)
from sweep_dask.analysis.rollups.sums import level_sums, population_sums
from sweep_dask.analysis.rollups.tables import all_averages, all_comparisons, by_dimension
from sweep_dask.analysis.rollups.unfilled import level_reasons, unfilled
from sweep_dask.analysis.rollups.values import HEADLINE, METRICS
from sweep_dask.analysis.stats.bootstrap import ONE_CLUSTER
from sweep_dask.analysis.stats.paired import CONSTANT, TOO_FEW
from sweep_dask.analysis.stats.segments import StatisticsSettings

REST_DARK = Line("centre-point", "rest-dark")
LINES = (REAL, REST_DARK)
SETTINGS = StatisticsSettings(seed=1, draws=50)

#: Four sweeps of one security on two days. The last came before continuous trading; only the
#: second had nothing left after its entry. Who sent the third is not known.
LABELS = {
    "date": ["2024-09-05", "2024-09-05", "2024-09-06", "2024-09-06"],
    "security": [7, 7, 7, 7],
    "order_id": [9_000_000_000_000_000_000 + number for number in (1, 2, 3, 4)],
    "participant": pd.array([61, 8, pd.NA, 8], dtype="Int64"),
    "side": [1, 2, 1, 1],
    "is_continuous": [True, True, True, False],
    "has_residual": [True, False, True, True],
    "is_short_sell": [False, False, True, False],
    "real_outcome": ["partly_filled", "filled", "unfilled", "unfilled"],
    "size_class": ["Small", "Small", "Small", "Medium"],
    "hour": ["10", "11", "11", "09"],
    "spread_class": ["1", "1", None, "5 or more"],
    "quantity": [100, 200, 400, 1000],
    # Prices are in 0.1 cent: 2 dollars.
    "arrival_midpoint": [2000.0, 2000.0, np.nan, 2000.0],
}
TAPE = {
    "filled_quantity": [50, 200, 0, 0],
    "unfilled_quantity": [50, 0, 400, 1000],
    "dark_quantity": [50, 0, 0, 0],
    "fill_count": [1, 2, 0, 0],
    "status": LABELS["real_outcome"],
    "fill_ratio": [0.5, 1.0, 0.0, 0.0],
    "arrival_cost_aud": [1.0, -2.0, np.nan, 0.0],
    "vwap": [2001.0, 2002.0, np.nan, np.nan],
}
DARK = {
    "filled_quantity": [100, 200, 100, 0],
    "unfilled_quantity": [0, 0, 300, 1000],
    "dark_quantity": [100, 0, 100, 0],
    "fill_count": [2, 2, 1, 0],
    "status": ["filled", "filled", "partly_filled", "unfilled"],
    "fill_ratio": [1.0, 1.0, 0.25, 0.0],
    "arrival_cost_aud": [3.0, -2.0, np.nan, 0.0],
    "vwap": [2000.0, 2002.0, 2003.0, np.nan],
    "price_part_aud": [0.5, 0.0, np.nan, 0.0],
    "quantity_part_aud": [-2.5, 0.0, np.nan, 0.0],
    "time_part_aud": [0.0, 0.0, np.nan, np.nan],
    "unfilled_reason": ["", "", "limit", "no_contra"],
}


@pytest.fixture(scope="module")
def rows():
    lines = [make_sweeps(REAL, LABELS | TAPE), make_sweeps(REST_DARK, LABELS | DARK)]
    table = pd.concat(lines, ignore_index=True)
    text = ("model", "scenario", "unfilled_reason", *TEXT_LABELS)
    return table.astype(dict.fromkeys(text, "category"))


@pytest.fixture(scope="module")
def segments(rows):
    return segments_of(label_counts(rows))


def values(rows, segments, metric):
    """One metric, a column per line, and every label there is."""
    code = line_codes(rows, LINES)
    tape = rows[code == 0]
    frame = pd.DataFrame({"metric": np.full(4, METRICS.index(metric), dtype=np.int8)})
    frame["level"], frame["cluster"] = population_levels(tape), [0, 0, 1, 1]
    frame["order_id"] = tape["order_id"].to_numpy()
    for dimension in SOURCES:
        frame[dimension] = segments.codes(tape, dimension)
    for number, line in enumerate(LINES):
        of_line = rows[code == number]
        frame[line.name] = of_line[metric].to_numpy(dtype=np.float64)
        frame[f"{line.name} engaged"] = of_line["dark_quantity"].to_numpy() > 0
    return frame


@pytest.fixture(scope="module")
def by(rows, segments):
    spreads = pd.concat(
        segment_quantiles(values(rows, segments, metric), LINES, segments) for metric in HEADLINE
    )
    sums = population_sums(level_sums(rows, segments, LINES))
    return by_dimension(sums, spreads, LINES, segments)


def test_segments_are_what_occurs(segments):
    # A quarter of the four sweeps has 100 or less, half 200 or less, three quarters 400 or less.
    assert segments == Segments(("2024-09-05", "2024-09-06"), (7,), (8, 61), (100, 200, 400))


@pytest.mark.parametrize(
    ("quantities", "bounds"),
    [
        ({}, ()),
        ({5: 1}, (5, 5, 5)),
        ({5: 1, 9: 1}, (5, 5, 9)),
        ({1: 1, 2: 1, 3: 1, 4: 1, 5: 1}, (2, 3, 4)),
        ({100: 9, 200: 1}, (100, 100, 100)),
    ],
)
def test_size_bounds_by_hand(quantities, bounds):
    assert size_bounds(quantities) == bounds


def test_levels_are_the_innermost_population(rows):
    # Something left, but not in continuous trading, is not residual.
    assert population_levels(rows).tolist() == [2, 1, 2, 0] * 2


def test_sums_of_all_sweeps(by):
    tape, dark = by["all"].query("population == 'all'").to_dict("records")
    counts = ["n_sweeps", "quantity", "filled_quantity", "unfilled_quantity", "dark_quantity"]
    assert [tape[name] for name in counts] == [4, 1700, 250, 1450, 50]
    assert [dark[name] for name in counts] == [4, 1700, 400, 1300, 200]
    statuses = ["n_unfilled", "n_partly_filled", "n_filled", "n_engaged"]
    assert [tape[name] for name in statuses] == [2, 1, 1, 1]
    assert [dark[name] for name in statuses] == [1, 1, 2, 2]
    # (100 + 200 + 1,000) shares at 2 dollars; the third had no midpoint.
    assert (tape["n_priced"], tape["paper_value_aud"]) == (3, 2600.0)
    assert (tape["arrival_cost_aud"], dark["arrival_cost_aud"]) == (-1.0, 1.0)
    # The fourth lacks one of its parts, so none of them counts; the tape has none at all.
    parts = ["n_parts", "price_part_aud", "quantity_part_aud", "time_part_aud"]
    assert [dark[name] for name in parts] == [2, 0.5, -2.5, 0.0]
    assert [tape[name] for name in parts] == [0, 0.0, 0.0, 0.0]


def test_populations_are_nested(by):
    tape = by["all"][by["all"]["model"] == "tape"].set_index("population")
    assert tape["n_sweeps"].to_dict() == {"all": 4, "continuous": 3, "residual": 2}
    assert tape["filled_quantity"].to_dict() == {"all": 250, "continuous": 250, "residual": 50}


def test_quartiles_of_fill_ratio(by):
    tape, dark = by["all"].query("population == 'continuous'").to_dict("records")
    names = [f"fill_ratio_{name}" for name in ("n", "mean", "p25", "p50", "p75")]
    # 0, 0.5, 1: quartiles at places 0.5, 1 and 1.5.
    assert [tape[name] for name in names] == [3, 0.5, 0.25, 0.5, 0.75]
    # 0.25, 1, 1.
    assert [dark[name] for name in names] == [3, 0.75, 0.625, 1.0, 1.0]


def test_segments_are_in_natural_order_and_the_unknown_last(by):
    def names(dimension):
        tape = by[dimension].query("population == 'all' and model == 'tape'")
        return list(zip(tape["segment"], tape["n_sweeps"], strict=True))

    assert names("day") == [("2024-09-05", 2), ("2024-09-06", 2)]
    assert names("security") == [("7", 4)]
    assert names("participant") == [("8", 2), ("61", 1), ("unknown", 1)]
    assert names("size") == [("Small", 3), ("Medium", 1)]
    assert names("size_quantile") == [("Q1", 1), ("Q2", 1), ("Q3", 1), ("Q4", 1)]
    assert names("hour") == [("09", 1), ("10", 1), ("11", 2)]
    assert names("outcome") == [("unfilled", 2), ("partly_filled", 1), ("filled", 1)]
    assert names("spread") == [("1", 2), ("5 or more", 1), ("unknown", 1)]
    assert names("side") == [("buy", 3), ("sell", 1)]
    assert names("short_sell") == [("not short sell", 3), ("short sell", 1)]


def test_segments_share_the_sweeps_among_them(by):
    for dimension in DIMENSIONS:
        counts = by[dimension].groupby(["population", "model"])["n_sweeps"].sum()
        assert counts.to_dict() == {
            (population, model): n
            for population, n in {"all": 4, "continuous": 3, "residual": 2}.items()
            for model in ("tape", "centre-point")
        }, dimension


@pytest.fixture(scope="module")
def compared(rows, segments):
    found = [
        comparisons(values(rows, segments, metric), LINES, segments, SETTINGS)
        for metric in ("fill_ratio", "vwap")
    ]
    return all_comparisons(pd.concat(found), LINES, segments)


def test_comparisons_count_and_test_the_pairs(compared):
    keys = ["population", "segment_kind", "segment", "metric"]
    of = {tuple(row[key] for key in keys): row for row in compared.to_dict("records")}
    # Real minus simulated fill ratio: -0.5, 0, -0.25, and 0 for the sweep before the opening.
    row = of["all", "all", "all", "fill_ratio"]
    assert (row["reference"], row["model"], row["scenario"]) == ("tape", *REST_DARK)
    names = ["n_pairs", "n_agree", "n_better", "n_worse", "n_other"]
    assert [row[name] for name in names] == [4, 2, 2, 0, 0]
    assert (row["mean_real"], row["mean_simulated"], row["mean_difference"]) == (
        *(0.375, 0.5625),
        -0.1875,
    )
    # Ranks 2 and 1 are below zero: of four equally likely signs two are as far out.
    assert (row["wilcoxon_statistic"], row["wilcoxon_p_value"]) == (0.0, 0.5)
    assert (row["n_clusters"], row["reason"]) == (2, "")
    # -0.5 and 0 on the first day, -0.25 on the second: means of draws are -0.25 in every draw.
    continuous = of["continuous", "all", "all", "fill_ratio"]
    assert (continuous["cluster_low"], continuous["cluster_high"]) == (-0.25, -0.25)
    # The third sweep has a price in the dark only.
    row = of["all", "all", "all", "vwap"]
    names = ["n_sweeps", "n_pairs", "n_agree", "n_other", "n_real_only", "n_simulated_only"]
    assert [row[name] for name in names] == [4, 2, 1, 1, 0, 1]


def test_segments_of_the_answered_population_are_compared_in_headlines(compared):
    by_segment = compared[compared["segment_kind"] != "all"]
    assert set(by_segment["metric"]) == {"fill_ratio"}
    assert set(by_segment["population"]) == {"continuous"}
    # The fourth sweep, alone in being Medium, is not among them.
    sizes = by_segment[by_segment["segment_kind"] == "size"]
    assert sizes["segment"].tolist() == ["Small"]
    days = by_segment[by_segment["segment_kind"] == "day"]
    assert days["n_pairs"].tolist() == [2, 1]
    assert days["reason"].tolist() == ["", TOO_FEW]
    assert days["cluster_reason"].tolist() == [ONE_CLUSTER, TOO_FEW]


def test_families_are_of_one_population_reference_and_kind(compared):
    groups = compared.groupby(["population", "reference", "segment_kind"])
    tested = groups["t_p_value"].transform("count")
    smallest = compared["t_p_value"] == groups["t_p_value"].transform("min")
    found = compared[smallest]
    expected = (found["t_p_value"] * tested[smallest]).clip(upper=1)
    assert found["t_p_holm"].tolist() == pytest.approx(expected.tolist())
    # Two tests of all sweeps, of fill ratio and of vwap.
    everything = (compared["population"] == "all") & (compared["segment_kind"] == "all")
    assert tested[everything].tolist() == [2, 2]


def test_a_population_without_sweeps_is_told(rows, segments):
    frame = values(rows, segments, "fill_ratio")
    frame["level"] = np.int8(1)
    found = comparisons(frame, LINES, segments, SETTINGS)
    (row,) = found[found["population"] == 2].to_dict("records")
    assert (row["n_sweeps"], row["n_pairs"], row["reason"]) == (0, 0, TOO_FEW)


def test_equal_differences_keep_their_reason(rows, segments):
    frame = values(rows, segments, "fill_ratio")
    frame["rest-dark"] = frame["tape"] + 0.1
    found = comparisons(frame, LINES, segments, SETTINGS)
    everything = found[found["dimension"] == 0]
    assert set(everything["reason"]) == set(everything["cluster_reason"]) == {CONSTANT}


def test_averages_of_all_and_of_the_engaged(rows, segments):
    found = all_averages(averages(values(rows, segments, "vwap"), LINES), LINES, segments)
    everyone, engaged = found.query("population == 'all'").to_dict("records")
    names = ["n_sweeps", "n_real", "mean_real", "n_simulated", "mean_simulated", "n_pairs"]
    paired = ["paired_mean_real", "paired_mean_simulated", "mean_difference"]
    mean_simulated = (2000 + 2002 + 2003) / 3
    assert [everyone[name] for name in names] == [4, 2, 2001.5, 3, mean_simulated, 2]
    assert [everyone[name] for name in paired] == [2001.5, 2001.0, 0.5]
    # The first and the third found a contra in the dark in one of the two lines.
    assert [engaged[name] for name in names] == [2, 1, 2001.0, 2, 2001.5, 1]
    assert (everyone["condition"], engaged["condition"]) == ("all", "engaged")


def test_percentiles_of_fill_ratio(rows, segments):
    found = percentiles(values(rows, segments, "fill_ratio"), LINES)
    tape = found[(found["population"] == 1) & (found["line"] == 0)]
    assert tape["percent"].tolist() == list(range(101))
    # 0, 0.5 and 1 lie on a line.
    assert tape["value"].tolist() == pytest.approx([percent / 100 for percent in range(101)])
    assert set(tape["n_values"]) == {3}


def test_quantiles_of_nothing_are_missing():
    assert np.isnan(sorted_quantiles(np.zeros(0), [0.0, 0.5])).all()
    assert sorted_quantiles(np.array([3.0]), [0.0, 0.5, 1.0]) == [3.0, 3.0, 3.0]


def test_reasons_by_population(rows):
    found = unfilled(level_reasons(rows, LINES), LINES)
    assert found.to_numpy().tolist() == [
        ["all", "rest-dark", "limit", 1, 300],
        ["all", "rest-dark", "no_contra", 1, 1000],
        ["continuous", "rest-dark", "limit", 1, 300],
        ["residual", "rest-dark", "limit", 1, 300],
    ]


def example_of(rows, segments, tape, dark):
    frame = values(rows, segments, "filled_quantity")
    frame["tape"], frame["rest-dark"] = np.array(tape, float), np.array(dark, float)
    found = example_sweep(frame, LINES, segments)
    return [(row["order_id"] % 10, row["difference"]) for row in found.to_dict("records")]


@pytest.mark.parametrize(
    ("tape", "dark", "expected"),
    [
        # The third differs most, but was filled in one line only; the fourth came too early.
        ([50, 200, 0, 10], [100, 200, 100, 900], (1, -50.0)),
        # None that was filled in both differs.
        ([50, 200, 0, 10], [50, 200, 100, 900], (3, -100.0)),
        # The first of those that differ equally.
        ([50, 200, 10, 0], [60, 190, 20, 0], (1, -10.0)),
        # Nothing differs: any sweep shows that.
        ([50, 200, 0, 0], [50, 200, 0, 900], (1, 0.0)),
    ],
)
def test_the_example_differs_most(rows, segments, tape, dark, expected):
    assert example_of(rows, segments, tape, dark) == [expected]


def test_no_example_without_a_simulation_or_without_continuous_trading(rows, segments):
    frame = values(rows, segments, "filled_quantity")
    assert example_sweep(frame, (REAL,), segments).empty
    assert example_sweep(frame.assign(level=np.int8(0)), LINES, segments).empty
