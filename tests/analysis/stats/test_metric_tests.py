"""Tests of several metrics in several segments: one table in which nothing vanishes."""

from __future__ import annotations

import numpy as np
import pytest

from sweep_dask.analysis.stats.bootstrap import ONE_CLUSTER
from sweep_dask.analysis.stats.families import holm
from sweep_dask.analysis.stats.paired import CONSTANT, TOO_FEW, paired_test
from sweep_dask.analysis.stats.segments import METRIC_TESTS, Segment, metric_tests

REAL = {
    "fill_ratio": np.array([0.1, 0.5, 0.9, 0.4, 1.0, 0.3]),
    "vwap": np.array([10.0, np.nan, 12.0, 11.0, np.nan, np.inf]),
}
SIMULATED = {
    "fill_ratio": np.array([0.2, 0.9, 0.8, 0.8, 1.0, 0.6]),
    "vwap": np.array([9.0, 10.0, np.nan, 10.0, np.nan, 10.0]),
}
CLUSTER = np.array([0, 0, 1, 1, 2, 2])
EVERY = np.ones(6, dtype=bool)


def run(segments, **options):
    return metric_tests(REAL, SIMULATED, segments, CLUSTER, seed=4, draws=200, **options)


def test_rows_are_segments_by_metrics_with_paired_tests():
    half = np.arange(6) < 4
    table = run([Segment("all", "all", EVERY), Segment("size_class", "Small", half)])
    assert list(table) == list(METRIC_TESTS)
    assert list(zip(table["segment"], table["metric"], strict=True)) == [
        ("all", "fill_ratio"),
        ("all", "vwap"),
        ("Small", "fill_ratio"),
        ("Small", "vwap"),
    ]
    first = table.iloc[0]
    expected = paired_test(REAL["fill_ratio"] - SIMULATED["fill_ratio"])
    assert first["t_p_value"] == expected.t_p_value
    assert first["rank_biserial"] == expected.rank_biserial
    assert first["mean_real"] - first["mean_simulated"] == pytest.approx(first["mean_difference"])
    assert (first["n_sweeps"], first["n_pairs"], first["n_clusters"]) == (6, 6, 3)
    assert first["cluster_low"] <= first["mean_difference"] <= first["cluster_high"]
    assert (first["reason"], first["cluster_reason"]) == ("", "")


def test_what_cannot_be_tested_is_listed_with_the_reason():
    table = run(
        [
            Segment("all", "all", EVERY),
            Segment("participant", "8", np.arange(6) == 5),
            Segment("participant", "61", ~EVERY),
            Segment("security", "7", np.isin(np.arange(6), [1, 3])),
        ]
    ).set_index(["segment", "metric"])
    # Two finite pairs, 10 - 9 and 11 - 10: the rest is missing on a side, or infinite.
    assert table.loc[("all", "vwap"), ["n_pairs", "reason"]].tolist() == [2, CONSTANT]
    assert table.loc[("all", "vwap"), "mean_difference"] == 1.0
    assert table.loc[("8", "fill_ratio"), ["n_pairs", "reason"]].tolist() == [1, TOO_FEW]
    assert table.loc[("8", "vwap"), ["n_sweeps", "n_pairs", "reason"]].tolist() == [1, 0, TOO_FEW]
    assert table.loc[("61", "vwap"), ["n_sweeps", "reason"]].tolist() == [0, TOO_FEW]
    # 0.5 - 0.9 and 0.4 - 0.8 are equal but for rounding.
    assert table.loc[("7", "fill_ratio"), "reason"] == CONSTANT
    untested = table[table["reason"] != ""]
    p_values = ["t_p_value", "t_p_holm", "wilcoxon_p_benjamini_hochberg", "cluster_low"]
    assert untested[p_values].isna().all(axis=None)
    assert (untested["cluster_reason"] == untested["reason"]).all()


def test_one_cluster_says_so_and_keeps_its_test():
    (row,) = (
        run([Segment("security", "7", CLUSTER == 0)])
        .query("metric == 'fill_ratio'")
        .to_dict("records")
    )
    assert (row["n_clusters"], row["cluster_reason"]) == (1, ONE_CLUSTER)
    assert np.isnan(row["cluster_low"])
    assert not np.isnan(row["t_p_value"])


def test_family_is_every_row_that_was_tested():
    segments = [Segment("row", str(n), np.arange(6) != n) for n in range(6)]
    table = run(segments)
    for test in ("t_p", "wilcoxon_p"):
        expected = holm(table[f"{test}_value"].to_numpy())
        assert table[f"{test}_holm"].to_numpy() == pytest.approx(expected, nan_ok=True)


def test_row_order_makes_no_difference():
    order = np.array([5, 2, 0, 4, 1, 3])
    shuffled = metric_tests(
        {name: column[order] for name, column in REAL.items()},
        {name: column[order] for name, column in SIMULATED.items()},
        [Segment("all", "all", EVERY)],
        CLUSTER[order],
        seed=4,
        draws=200,
    )
    expected = run([Segment("all", "all", EVERY)])
    assert shuffled.to_csv() == expected.to_csv()


def test_no_segments_is_a_header():
    assert run([]).dtypes.equals(run([Segment("all", "all", EVERY)]).dtypes)
