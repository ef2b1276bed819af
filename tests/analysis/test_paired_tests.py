"""Paired t-tests by hand, and the segments that are tested at all."""

from math import inf, isnan, nan, sqrt

import numpy as np
import pandas as pd
import pytest
from framed import statistical_tests

from sweep_dask.analysis.time_priority.statistics import paired_t_test

GROUP_1, GROUP_3 = "Group 1 (Fully Filled)", "Group 3 (Unfilled)"


def sweeps(real, simulated, group=GROUP_3, size="Small"):
    """Sweeps that differ in quantity only."""
    columns = {"real_matched_quantity": real, "simulated_matched_quantity": simulated}
    rest = ("real_fill_ratio", "simulated_fill_ratio", "real_num_matches", "simulated_num_matches")
    return pd.DataFrame(columns | dict.fromkeys(rest, 0.0)).assign(group=group, size_category=size)


def segments(tests):
    return list(zip(tests["segment_type"], tests["segment_name"], strict=True))


def test_three_pairs_by_hand():
    test = paired_t_test(np.array([1.0, 2, 3]), np.array([2.0, 4, 3]))
    # Differences 1, 2, 0: mean 1, n-1 deviation 1, population deviation sqrt(2/3).
    assert test["mean_difference"] == 1.0
    assert test["std_difference"] == pytest.approx(sqrt(2 / 3))
    assert test["t_statistic"] == pytest.approx(sqrt(3))
    # With two degrees of freedom p = 1 - t / sqrt(t^2 + 2).
    assert test["p_value"] == pytest.approx(1 - sqrt(3 / 5))
    # t(0.975, 2) from the tables.
    assert test["ci_95_upper"] - 1 == pytest.approx(4.302652729749464 / sqrt(3))
    assert test["ci_95_lower"] + test["ci_95_upper"] == pytest.approx(2.0)
    assert not test["significant_5pct"]


@pytest.mark.filterwarnings("error")
def test_equal_differences_have_no_finite_statistic():
    constant = paired_t_test(np.array([1.0, 2]), np.array([2.0, 3]))
    assert (constant["t_statistic"], constant["p_value"]) == (inf, 0.0)
    assert constant["significant_1pct"]
    none = paired_t_test(np.array([1.0, 2]), np.array([1.0, 2]))
    assert isnan(none["t_statistic"])
    assert isnan(none["p_value"])
    assert not none["significant_5pct"]


def test_a_column_that_does_not_vary_is_not_tested():
    # Ratios and numbers are all 0: only the quantity is tested.
    tests = statistical_tests(sweeps([1, 2, 4], [5, 5, 6]))
    assert tests["metric"].unique().tolist() == ["Matched Quantity"]
    assert statistical_tests(sweeps([3, 3, 3], [5, 5, 6])).empty


def test_pairs_that_are_not_finite_are_left_out():
    (samples,) = statistical_tests(sweeps([1.0, 2, 4, nan], [5.0, 5, 6, 7]))["n_samples"].unique()
    assert samples == 3
    assert statistical_tests(sweeps([1.0, nan], [5.0, 6])).empty


def test_one_group_is_the_whole():
    tests = statistical_tests(sweeps([1, 2, 4], [5, 5, 6]))
    assert segments(tests) == [
        ("Overall", "All"),
        ("Group", GROUP_3),
        ("Size", "Small"),
        ("Group-Size", f"{GROUP_3}_Small"),
    ]
    assert set(tests["t_statistic"]) == {tests.loc[0, "t_statistic"]}


def test_segments_come_by_first_appearance_and_need_two_sweeps():
    comparison = pd.concat(
        [
            sweeps([1, 2], [3, 5], group=GROUP_3, size="Large"),
            sweeps([1, 2], [3, 5], group=GROUP_1, size="Small"),
            sweeps([9], [9], group=GROUP_1, size="Medium"),
        ],
        ignore_index=True,
    )
    assert segments(statistical_tests(comparison)) == [
        ("Overall", "All"),
        ("Group", GROUP_3),
        ("Group", GROUP_1),
        ("Size", "Large"),
        ("Size", "Small"),
        ("Group-Size", f"{GROUP_3}_Large"),
        ("Group-Size", f"{GROUP_1}_Small"),
    ]


def test_a_table_without_sweeps_has_only_a_header():
    tests = statistical_tests(sweeps([], []).astype({"group": "str", "size_category": "str"}))
    assert tests.empty
    assert tests["n_samples"].dtype == "int64"
    assert tests["significant_5pct"].dtype == "bool"
