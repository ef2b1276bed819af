"""One metric tested, and families of tests: nothing that cannot be tested vanishes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sweep_dask.analysis.stats.bootstrap import ONE_CLUSTER
from sweep_dask.analysis.stats.families import benjamini_hochberg, holm
from sweep_dask.analysis.stats.paired import CONSTANT, TOO_FEW, paired_test
from sweep_dask.analysis.stats.segments import (
    METRIC_TESTS,
    StatisticsSettings,
    metric_test,
    with_families,
)

REAL = np.array([0.1, 0.5, 0.9, 0.4, 1.0, 0.3])
SIMULATED = np.array([0.2, 0.9, 0.8, 0.8, 1.0, 0.6])
CLUSTER = np.array([0, 0, 1, 1, 2, 2])
SETTINGS = StatisticsSettings(seed=4, draws=200)


def run(real, simulated, cluster=None):
    cluster = np.arange(len(real)) if cluster is None else np.array(cluster)
    return metric_test(np.array(real, float), np.array(simulated, float), cluster, SETTINGS)


def test_a_row_has_the_paired_test_and_the_interval_by_clusters():
    row = run(REAL, SIMULATED, CLUSTER)
    families = {"t_p_holm", "t_p_benjamini_hochberg"}
    families |= {"wilcoxon_p_holm", "wilcoxon_p_benjamini_hochberg"}
    assert set(row) | families == set(METRIC_TESTS) - {"segment_kind", "segment", "metric"}
    expected = paired_test(REAL - SIMULATED)
    assert row["t_p_value"] == expected.t_p_value
    assert row["rank_biserial"] == expected.rank_biserial
    assert row["mean_real"] - row["mean_simulated"] == pytest.approx(row["mean_difference"])
    assert (row["n_sweeps"], row["n_pairs"], row["n_clusters"]) == (6, 6, 3)
    assert row["cluster_low"] <= row["mean_difference"] <= row["cluster_high"]
    assert (row["reason"], row["cluster_reason"]) == ("", "")


@pytest.mark.parametrize(
    ("real", "simulated", "pairs", "reason"),
    [
        # Two finite pairs, 10 - 9 and 11 - 10: the rest is missing on a side, or infinite.
        ([10, np.nan, 12, 11, np.nan, np.inf], [9, 10, np.nan, 10, np.nan, 10], 2, CONSTANT),
        # 0.5 - 0.9 and 0.4 - 0.8 are equal but for rounding.
        ([0.5, 0.4], [0.9, 0.8], 2, CONSTANT),
        ([1.0], [2.0], 1, TOO_FEW),
        ([np.nan, np.nan], [1.0, 2.0], 0, TOO_FEW),
        ([], [], 0, TOO_FEW),
    ],
)
def test_what_cannot_be_tested_has_the_reason(real, simulated, pairs, reason):
    row = run(real, simulated)
    assert (row["n_sweeps"], row["n_pairs"]) == (len(real), pairs)
    assert row["reason"] == row["cluster_reason"] == reason
    assert np.isnan([row["t_p_value"], row["wilcoxon_p_value"], row["cluster_low"]]).all()
    assert np.isnan(row["mean_difference"]) == (pairs == 0)


def test_one_cluster_says_so_and_keeps_its_test():
    row = run(REAL, SIMULATED, np.zeros(6, dtype=int))
    assert (row["n_clusters"], row["cluster_reason"]) == (1, ONE_CLUSTER)
    assert np.isnan(row["cluster_low"])
    assert not np.isnan(row["t_p_value"])


def test_a_family_is_what_has_the_same_values_and_was_tested():
    tests = pd.DataFrame(
        {
            "kind": ["size", "hour", "size", "hour", "size"],
            "t_p_value": [0.04, 0.5, 0.01, np.nan, 0.03],
            "wilcoxon_p_value": [0.2, 0.02, np.nan, 0.04, 0.1],
        }
    )
    adjusted = with_families(tests, ["kind"])
    # Three of size, as in the test of Holm by hand; one of hour, alone in its family.
    expected = [0.06, 0.5, 0.03, np.nan, 0.06]
    assert adjusted["t_p_holm"].tolist() == pytest.approx(expected, nan_ok=True)
    for kind in ("size", "hour"):
        rows = adjusted[adjusted["kind"] == kind]
        p_value = rows["wilcoxon_p_value"].to_numpy()
        for name, adjust in {"holm": holm, "benjamini_hochberg": benjamini_hochberg}.items():
            found = rows[f"wilcoxon_p_{name}"].tolist()
            assert found == pytest.approx(adjust(p_value).tolist(), nan_ok=True)
    assert list(adjusted[list(tests)]) == list(tests)


def test_no_tests_are_no_rows_with_the_same_columns():
    none = pd.DataFrame({"kind": [], "t_p_value": [], "wilcoxon_p_value": []})
    assert "wilcoxon_p_holm" in with_families(none, ["kind"])
