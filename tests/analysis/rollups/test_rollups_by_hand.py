"""Every roll-up of four sweeps by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from drawn_rollups import as_read, make_sweeps
from framed import tables_of

from sweep_dask.analysis.rollups.summary import summary_of
from sweep_dask.analysis.rollups.sweeps import Sweeps, population_levels, size_quartiles
from sweep_dask.analysis.significance import CONSTANT, EQUAL_CLUSTERS, NO_PAIR, ONE_CLUSTER
from sweep_dask.terms.arms import REAL, Arm
from sweep_dask.terms.dimensions import SEGMENT_KINDS
from sweep_dask.terms.metrics import HEADLINE

REST_DARK = Arm("centre-point", "rest-dark")
SOME_ARMS = (REAL, REST_DARK)

#: Four sweeps of one security on two days. The last came before continuous trading; only the
#: second had nothing left after its entry. Who sent the third is not known.
LABELS = {
    "date": ["2024-09-05", "2024-09-05", "2024-09-06", "2024-09-06"],
    "security": [7, 7, 7, 7],
    "order_id": [9_000_000_000_000_000_000 + number for number in (1, 2, 3, 4)],
    "participant": pd.array([61, 8, pd.NA, 8], dtype="Int64"),
    "side": ["buy", "sell", "buy", "buy"],
    "is_continuous": [True, True, True, False],
    "has_residual": [True, False, True, True],
    "is_short_sell": [False, False, True, False],
    "real_outcome": ["partly_filled", "filled", "unfilled", "unfilled"],
    "size_class": ["Small", "Small", "Small", "Medium"],
    "hour": ["10", "11", "11", "09"],
    "spread_class": ["1", "1", None, "5 or more"],
    "marketability": ["reaches the midpoint", "marketable", None, "marketable"],
    # The second of each day re-enters the first.
    "parent_id": [9_000_000_000_000_000_000 + number for number in (1, 1, 3, 3)],
    "added_quantity": [100, 150, 400, 700],
    "quantity": [100, 200, 400, 1000],
    # Prices are in 0.1 cent: 2 dollars.
    "arrival_midpoint": [2000.0, 2000.0, np.nan, 2000.0],
}
TAPE = {
    "filled_quantity": [50, 200, 0, 0],
    "unfilled_quantity": [50, 0, 400, 1000],
    "dark_quantity": [50, 0, 0, 0],
    "fill_count": [1, 2, 0, 0],
    "outcome": LABELS["real_outcome"],
    "fill_ratio": [0.5, 1.0, 0.0, 0.0],
    "arrival_cost_aud": [1.0, -2.0, np.nan, 0.0],
    "vwap": [2001.0, 2002.0, np.nan, np.nan],
}
DARK = {
    "filled_quantity": [100, 200, 100, 0],
    "unfilled_quantity": [0, 0, 300, 1000],
    "dark_quantity": [100, 0, 100, 0],
    "fill_count": [2, 2, 1, 0],
    "outcome": ["filled", "filled", "partly_filled", "unfilled"],
    "fill_ratio": [1.0, 1.0, 0.25, 0.0],
    "arrival_cost_aud": [3.0, -2.0, np.nan, 0.0],
    "vwap": [2000.0, 2002.0, 2003.0, np.nan],
    "price_part_aud": [0.5, 0.0, np.nan, 0.0],
    "quantity_part_aud": [-2.5, 0.0, np.nan, 0.0],
    "time_part_aud": [0.0, 0.0, np.nan, np.nan],
    "unfilled_reason": ["", "", "limit", "no_contra"],
}


def tables(tape=TAPE, dark=DARK, labels=LABELS, arms=SOME_ARMS):
    of_arm = [
        make_sweeps(arm, labels | fate) for arm, fate in zip(SOME_ARMS, (tape, dark), strict=True)
    ][: len(arms)]
    # By day, and within it by arm.
    rows = pd.concat(of_arm).sort_values("date", kind="stable", ignore_index=True)
    return tables_of(summary_of(Sweeps(as_read(rows), arms)), arms)


@pytest.fixture(scope="module")
def found():
    return tables()


@pytest.fixture(scope="module")
def by(found):
    return {dimension: found[f"by_{dimension}"] for dimension in SEGMENT_KINDS}


@pytest.mark.parametrize(
    ("quantities", "quarters"),
    [
        ([5], [0]),
        ([9, 5], [2, 0]),
        ([1, 2, 3, 4, 5], [0, 0, 1, 2, 3]),
        ([100] * 9 + [200], [0] * 9 + [3]),
    ],
)
def test_quarters_of_a_partition_by_hand(quantities, quarters):
    """Of two the bounds are 5, 5 and 9; of five 2, 3 and 4; a quantity on a bound is below it."""
    of_one = np.zeros(len(quantities), dtype=np.int64)
    assert size_quartiles(np.array(quantities), of_one).tolist() == quarters
    # Another partition, before or behind it, changes nothing.
    both = size_quartiles(np.array([7, *quantities, 7]), np.array([0, *(of_one + 1), 2]))
    assert both.tolist() == [0, *quarters, 0]


def test_levels_are_the_innermost_population():
    # Something left, but not in continuous trading, is not residual.
    assert population_levels(pd.DataFrame(LABELS)).tolist() == [2, 1, 2, 0]


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


def test_parents_and_what_re_entries_add(by):
    for arm in ("tape", "centre-point"):
        rows = by["all"][by["all"]["model"] == arm].set_index("population")
        assert rows["n_parents"].to_dict() == {"all": 2, "continuous": 2, "residual": 2}
        # The fourth, a re-entry, came before continuous trading; the second left nothing.
        expected = {"all": 1350, "continuous": 650, "residual": 500}
        assert rows["added_quantity"].to_dict() == expected


def test_quartiles_of_fill_ratio(by):
    tape, dark = by["all"].query("population == 'continuous'").to_dict("records")
    names = [f"fill_ratio_{name}" for name in ("n", "mean", "p25", "p50", "p75")]
    # 0, 0.5, 1: quartiles at positions 0.5, 1 and 1.5.
    assert [tape[name] for name in names] == [3, 0.5, 0.25, 0.5, 0.75]
    # 0.25, 1, 1.
    assert [dark[name] for name in names] == [3, 0.75, 0.625, 1.0, 1.0]


def test_segments_are_in_natural_order_and_the_unknown_last(by):
    def names(dimension):
        tape = by[dimension].query("population == 'all' and model == 'tape'")
        return list(zip(tape["segment"], tape["n_sweeps"], strict=True))

    assert names("marketability") == [
        *(("marketable", 2), ("reaches the midpoint", 1), ("unknown", 1))
    ]
    assert names("day") == [("2024-09-05", 2), ("2024-09-06", 2)]
    assert names("security") == [("7", 4)]
    assert names("participant") == [("8", 2), ("61", 1), ("unknown", 1)]
    assert names("size") == [("Small", 3), ("Medium", 1)]
    # Of the two sweeps of a day one is in the first quarter, the other in the third.
    assert names("size_quantile") == [("Q1", 2), ("Q3", 2)]
    assert names("hour") == [("09", 1), ("10", 1), ("11", 2)]
    assert names("outcome") == [("unfilled", 2), ("partly_filled", 1), ("filled", 1)]
    assert names("spread") == [("1", 2), ("5 or more", 1), ("unknown", 1)]
    assert names("side") == [("buy", 3), ("sell", 1)]
    assert names("short_sell") == [("not short sell", 3), ("short sell", 1)]


def test_segments_share_the_sweeps_among_them(by):
    for dimension in SEGMENT_KINDS:
        counts = by[dimension].groupby(["population", "model"])["n_sweeps"].sum()
        assert counts.to_dict() == {
            (population, model): n
            for population, n in {"all": 4, "continuous": 3, "residual": 2}.items()
            for model in ("tape", "centre-point")
        }, dimension


@pytest.fixture(scope="module")
def compared(found):
    return found["comparisons"]


def test_comparisons_count_and_test_the_pairs(compared):
    keys = ["population", "dimension", "segment", "metric"]
    of = {tuple(row[key] for key in keys): row for row in compared.to_dict("records")}
    # Simulated minus real fill ratio: 0.5, 0, 0.25, and 0 for the sweep before the opening.
    row = of["all", "all", "all", "fill_ratio"]
    assert (row["reference"], row["model"], row["scenario"]) == ("tape", *REST_DARK)
    names = ["n_pairs", "n_agree", "n_better", "n_worse", "n_other"]
    assert [row[name] for name in names] == [4, 2, 2, 0, 0]
    assert (row["mean_reference"], row["mean_simulated"], row["mean_difference"]) == (
        *(0.375, 0.5625),
        0.1875,
    )
    # Both days are above zero, which by chance is as likely as not that one of them is not.
    assert (row["n_clusters"], row["n_clusters_above"], row["n_clusters_below"]) == (2, 2, 0)
    assert (row["sign_p_value"], row["no_test_reason"]) == (0.5, "")
    # The sums of the days, 0.5 and 0.25, are 0.125 off twice the mean: 2 x 2 x 0.125^2 / 4^2.
    assert row["standard_error"] == pytest.approx(0.0625)
    # With one degree of freedom the 97.5 % point of t is 12.706.
    assert row["high"] == pytest.approx(0.1875 + 12.7062 * 0.0625, abs=1e-5)
    # 0.5 and 0 on the first day, 0.25 on the second.
    continuous = of["continuous", "all", "all", "fill_ratio"]
    assert (continuous["mean_difference"], continuous["no_test_reason"]) == (0.25, EQUAL_CLUSTERS)
    # The third sweep has a price in the dark only.
    row = of["all", "all", "all", "vwap"]
    names = ["n_sweeps", "n_pairs", "n_agree", "n_other", "n_reference_only", "n_simulated_only"]
    assert [row[name] for name in names] == [4, 2, 1, 1, 0, 1]


def test_segments_of_the_headline_population_are_compared_in_headlines(compared):
    by_segment = compared[compared["dimension"] != "all"]
    assert set(by_segment["metric"]) == set(HEADLINE)
    by_segment = by_segment[by_segment["metric"] == "fill_ratio"]
    assert set(by_segment["population"]) == {"continuous"}
    # The fourth sweep, alone in being Medium, is not among them.
    sizes = by_segment[by_segment["dimension"] == "size"]
    assert sizes["segment"].tolist() == ["Small"]
    days = by_segment[by_segment["dimension"] == "day"]
    assert days["n_pairs"].tolist() == [2, 1]
    assert days["no_test_reason"].tolist() == [ONE_CLUSTER, ONE_CLUSTER]


def test_families_are_of_one_population_reference_and_kind(compared):
    groups = compared.groupby(["population", "reference", "dimension"])
    tested = groups["p_value"].transform("count")
    smallest = compared["p_value"] == groups["p_value"].transform("min")
    found = compared[smallest]
    expected = (found["p_value"] * tested[smallest]).clip(upper=1)
    assert found["p_holm"].tolist() == pytest.approx(expected.tolist())
    everything = (compared["population"] == "all") & (compared["dimension"] == "all")
    # What was given and differs, and not by the same on both days.
    assert compared[everything & (compared["no_test_reason"] == "")]["metric"].tolist() == [
        *("filled_quantity", "dark_quantity", "fill_ratio", "arrival_cost_aud")
    ]
    assert set(tested[everything]) == {4}


def test_verdicts_are_on_the_simulation(compared):
    """Simulated minus reference: 50, 0, 100 shares, and more is better; more dark is neither."""
    rows = compared.query("population == 'continuous' and dimension == 'all'").set_index("metric")
    names = ["n_agree", "n_better", "n_worse", "n_other"]
    assert rows.loc["filled_quantity", names].tolist() == [1, 2, 0, 0]
    assert rows.loc["dark_quantity", names].tolist() == [1, 0, 0, 2]
    later = TAPE | {"time_to_first_fill_seconds": [1.0, 1.0, np.nan, np.nan]}
    sooner = DARK | {"time_to_first_fill_seconds": [2.0, 0.5, 3.0, np.nan]}
    rows = tables(later, sooner)["comparisons"].query(
        "population == 'continuous' and dimension == 'all'"
    )
    row = rows.set_index("metric").loc["time_to_first_fill_seconds"]
    assert row[names].tolist() == [0, 1, 1, 0]


def test_a_population_without_sweeps_is_told():
    nothing_left = LABELS | {"has_residual": [False] * 4}
    rows = tables(labels=nothing_left)["comparisons"].query("population == 'residual'")
    assert set(rows["n_sweeps"]) == set(rows["n_pairs"]) == {0}
    assert set(rows["no_test_reason"]) == {NO_PAIR}


def test_equal_differences_keep_their_reason():
    more = DARK | {"fill_ratio": [value + 0.1 for value in TAPE["fill_ratio"]]}
    rows = tables(dark=more)["comparisons"].query("metric == 'fill_ratio' and n_pairs > 1")
    assert set(rows["no_test_reason"]) == {CONSTANT}
    assert rows["p_value"].isna().all()


def test_averages_of_all_and_of_those_with_a_dark_fill(found):
    of_vwap = found["averages"].query("population == 'all' and metric == 'vwap'")
    everyone, with_dark_fill = of_vwap.to_dict("records")
    names = [
        "n_sweeps",
        "n_reference",
        "mean_reference",
        "n_simulated",
        "mean_simulated",
        "n_pairs",
    ]
    paired = ["paired_mean_reference", "paired_mean_simulated", "mean_difference"]
    mean_simulated = (2000 + 2002 + 2003) / 3
    assert [everyone[name] for name in names] == [4, 2, 2001.5, 3, mean_simulated, 2]
    assert [everyone[name] for name in paired] == [2001.5, 2001.0, -0.5]
    # The first and the third found a contra in the dark in one of the two arms.
    assert [with_dark_fill[name] for name in names] == [2, 1, 2001.0, 2, 2001.5, 1]
    assert (everyone["condition"], with_dark_fill["condition"]) == ("all", "engaged")


def test_percentiles_of_fill_ratio(found):
    tape = found["distributions"].query(
        "population == 'continuous' and model == 'tape' and metric == 'fill_ratio'"
    )
    assert tape["percent"].tolist() == list(range(101))
    # 0, 0.5 and 1 lie on a line.
    assert tape["value"].tolist() == pytest.approx([percent / 100 for percent in range(101)])
    assert set(tape["n_values"]) == {3}


def test_reasons_by_population(found):
    assert found["unfilled"].to_numpy().tolist() == [
        ["all", "rest-dark", "limit", 1, 300],
        ["all", "rest-dark", "no_contra", 1, 1000],
        ["continuous", "rest-dark", "limit", 1, 300],
        ["residual", "rest-dark", "limit", 1, 300],
    ]


def example_of(tape, dark):
    found = tables(TAPE | {"filled_quantity": tape}, DARK | {"filled_quantity": dark})
    rows = found["example_sweep"].to_dict("records")
    return [(row["order_id"] % 10, row["difference"]) for row in rows]


@pytest.mark.parametrize(
    ("tape", "dark", "expected"),
    [
        # The third differs most, but was filled in one arm only; the fourth came too early.
        ([50, 200, 0, 10], [100, 200, 100, 900], (1, 50.0)),
        # None that was filled in both differs.
        ([50, 200, 0, 10], [50, 200, 100, 900], (3, 100.0)),
        # The first of those that differ equally.
        ([50, 200, 10, 0], [60, 190, 20, 0], (1, 10.0)),
        # Nothing differs: any sweep shows that.
        ([50, 200, 0, 0], [50, 200, 0, 900], (1, 0.0)),
    ],
)
def test_the_example_differs_most(tape, dark, expected):
    assert example_of(tape, dark) == [expected]


def test_no_example_without_a_simulation_or_without_continuous_trading():
    assert tables(arms=(REAL,))["example_sweep"].empty
    assert tables(labels=LABELS | {"is_continuous": [False] * 4})["example_sweep"].empty
