"""Effects under every choice against another library and by merging, and verdicts by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from sweep_dask.analysis.centre_point.choices import Choices
from sweep_dask.analysis.centre_point.score import book_errors, no_book_errors
from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.rollups.robustness import effects
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.analysis.rollups.summary import added, nothing, summary_of_choices
from sweep_dask.analysis.rollups.tables import tables_of
from sweep_dask.analysis.rollups.verdicts import verdicts
from sweep_dask.analysis.tables import table
from sweep_dask.terms.arms import CENTRE_POINT, REAL, REPLAYED, Arm

SOME_ARMS = (REAL, REPLAYED, Arm(CENTRE_POINT, "dual-post"))
#: One lifetime, and all change: three cases, and parts of each.
CHOICES = Choices("close", 1, lifetimes=("close",), adoption_shares=(), switches=())
CASES = cases_of(SOME_ARMS, CHOICES)
NO_SWEEP = dict.fromkeys(SENSITIVITY_COLUMNS, 0)
PARTS = {"all": 1, "arrival": 0.5, "amendment": 0, "resting": 0.25}
#: As many on the tape as in the book, all of them the same.
NO_ERRORS = np.zeros(3)


def drawn_sweeps(seed, partitions=12, participants=11):
    """Two fill ratios and two costs of each sweep, with something in common in each cluster."""
    rng = np.random.default_rng(seed)
    size = partitions * 20
    partition = np.sort(rng.integers(0, partitions, size))
    participant = rng.integers(1, participants + 1, size)
    shared = rng.normal(size=partitions)[partition] + rng.normal(size=participants + 1)[participant]
    return pd.DataFrame(
        {
            "partition": partition,
            "participant": participant,
            "value": rng.integers(1_000, 90_000, size).astype(float),
            "before": rng.random(size),
            "after": rng.random(size) + shared / 9,
        }
    )


def rows_of(sweeps, cases=CASES, on_tape=0.0):
    """Rows `SENSITIVITY_COLUMNS`; what a sweep costs is a tenth of what it fills, in bps.

    On the tape each fills as much more than in the replay as `on_tape` says.
    """
    rows = []
    for partition, of_partition in sweeps.groupby("partition"):
        for case in cases:
            for participant, some in of_partition.groupby("participant"):
                ratio = some["after" if case.scenario == "dual-post" else "before"]
                ratio = ratio * PARTS[case.event] * (2 if case.switch else 1)
                ratio = ratio + on_tape * (case.scenario == "tape")
                key = {"date": f"2024-09-{1 + partition % 28:02d}", "security": partition}
                sums = {
                    "n_sweeps": len(some),
                    "paper_value_aud": some["value"].sum(),
                    "fill_ratio_sum": ratio.sum(),
                    "filled_paper_value_aud": (ratio * some["value"]).sum(),
                }
                for name in ("implementation", "completed"):
                    sums[f"{name}_shortfall_bps_sum"] = (ratio / 10).sum()
                    sums[f"{name}_shortfall_aud"] = (ratio * some["value"]).sum() / 100_000
                rows.append(
                    {**NO_SWEEP, **key, **case._asdict(), "participant": participant, **sums}
                )
    return table(
        SENSITIVITY_COLUMNS, pd.DataFrame(rows, columns=list(SENSITIVITY_COLUMNS)).to_dict("list")
    )


def effects_of(summary, cases=CASES, errors=NO_ERRORS):
    return list(effects(summary.sensitivity, cases, errors))


def told(
    sweeps,
    weight,
    interval="security-day",
    metric="fill_ratio",
    *,
    errors=NO_ERRORS,
    on_tape=0.0,
):
    summary = summary_of_choices(rows_of(sweeps, on_tape=on_tape), CASES)
    found = [
        row
        for row in effects_of(summary, errors=errors)
        if (row["metric"], row["weight"], row["interval"]) == (metric, weight, interval)
    ]
    assert len(found) == 1
    return found[0]


def fitted(sweeps, groups, weights=None):
    """A regression on a constant with errors by clusters."""
    models = pytest.importorskip("statsmodels.api")
    difference = sweeps["after"] - sweeps["before"]
    model = models.WLS(difference, np.ones(len(sweeps)), 1.0 if weights is None else weights)
    return model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weight", ["sweep", "value"])
def test_one_kind_of_clusters_as_another_library_has_it(seed, weight):
    sweeps = drawn_sweeps(seed)
    row = told(sweeps, weight)
    fit = fitted(sweeps, sweeps["partition"], sweeps["value"] if weight == "value" else None)
    assert row["effect"] == pytest.approx(fit.params.iloc[0])
    effective = effective_clusters(sweeps, "partition", weight)
    margin = t.ppf(0.975, effective - 1) * fit.bse.iloc[0]
    assert row["high"] - row["effect"] == pytest.approx(margin)
    assert row["effect"] - row["low"] == pytest.approx(margin)
    assert (row["n_clusters"], row["effective_clusters"]) == (12, pytest.approx(effective))


def effective_clusters(sweeps, by, weight):
    weights = sweeps["value"] if weight == "value" else sweeps["value"] * 0 + 1
    sizes = weights.groupby(sweeps[by]).sum()
    return sizes.sum() ** 2 / (sizes**2).sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weight", ["sweep", "value"])
def test_two_kinds_of_clusters_as_another_library_has_them(seed, weight):
    sweeps = drawn_sweeps(seed)
    row = told(sweeps, weight, "security-day and participant")
    weights = sweeps["value"] if weight == "value" else None
    groups = sweeps[["partition", "participant"]].to_numpy()
    alone = [fitted(sweeps, groups[:, number], weights).bse.iloc[0] for number in range(2)]
    error = max(fitted(sweeps, groups, weights).bse.iloc[0], *alone)
    effective = [effective_clusters(sweeps, by, weight) for by in ("partition", "participant")]
    margin = t.ppf(0.975, min(effective) - 1) * error
    assert (row["low"], row["high"]) == pytest.approx(
        (row["effect"] - margin, row["effect"] + margin)
    )
    assert row["n_clusters"] == 11


def test_dollars_are_those_of_all_sweeps():
    sweeps = drawn_sweeps(1)
    row = told(sweeps, "aud", metric="completed_shortfall_bps")
    dollars = (sweeps["after"] - sweeps["before"]) * sweeps["value"] / 100_000
    assert row["unit"] == "AUD"
    assert row["effect"] == pytest.approx(dollars.sum())
    of_days = dollars.groupby(sweeps["partition"]).sum()
    error = np.sqrt(len(of_days)) * of_days.std(ddof=1)
    margin = t.ppf(0.975, effective_clusters(sweeps, "partition", "value") - 1) * error
    assert row["high"] - row["effect"] == pytest.approx(margin)


def test_few_participants_are_no_clusters():
    sweeps = drawn_sweeps(1, participants=9)
    summary = summary_of_choices(rows_of(sweeps), CASES)
    rows = effects_of(summary)
    assert {row["interval"] for row in rows} == {"security-day", "security-day and book"}


def standard_error(row):
    factor = t.ppf(0.975, row["effective_clusters"] - 1)
    assert row["high"] - row["effect"] == pytest.approx(row["effect"] - row["low"])
    return (row["high"] - row["effect"]) / factor


@pytest.mark.parametrize("weight", ["sweep", "value", "aud"])
def test_what_the_book_gets_wrong_is_in_the_third_interval(weight):
    """Half of the effect comes of arrivals, a quarter of those resting."""
    sweeps = drawn_sweeps(2)
    plain = told(sweeps, weight)
    right = told(sweeps, weight, "security-day and book")
    assert {key: right[key] for key in right if key != "interval"} == pytest.approx(
        {key: plain[key] for key in plain if key != "interval"}, nan_ok=True
    )
    errors = np.array([0.3, 9.0, 0.4])
    row = told(sweeps, weight, "security-day and book", errors=errors)
    effect = plain["effect"]
    assert row["effect"] == effect
    of_book = np.hypot(effect * 0.3 / 2, effect * 0.4 / 4)
    assert standard_error(row) == pytest.approx(np.hypot(standard_error(plain), of_book))


@pytest.mark.parametrize("metric", ["fill_ratio", "completed_shortfall_bps"])
@pytest.mark.parametrize("weight", ["sweep", "value", "aud"])
def test_what_the_replay_is_off_the_tape_is_in_the_third_interval(weight, metric):
    """Of each sweep it fills a twentieth less; costs are a tenth of fills, in bps."""
    sweeps = drawn_sweeps(2)
    plain = told(sweeps, weight, metric=metric)
    row = told(sweeps, weight, "security-day and book", metric, on_tape=0.05)
    is_cost = metric != "fill_ratio"
    off = 0.005 if is_cost else 0.05
    if weight == "aud":
        off = 0.05 * sweeps["value"].sum() / (100_000 if is_cost else 1)
    assert row["effect"] == plain["effect"]
    assert standard_error(row) == pytest.approx(np.hypot(standard_error(plain), off))


def test_a_tape_that_is_the_reference_is_not_off_itself():
    cases = cases_of((REAL, Arm(CENTRE_POINT, "dual-post")), CHOICES)
    summary = summary_of_choices(rows_of(drawn_sweeps(2), cases, on_tape=0.05), cases)
    plain, with_book = (
        [(row["low"], row["high"]) for row in effects_of(summary, cases) if row["interval"] == name]
        for name in ("security-day", "security-day and book")
    )
    assert len(plain) == 9
    assert plain == with_book


def test_of_a_book_that_is_not_known_there_is_no_third_interval():
    row = told(drawn_sweeps(2), "sweep", "security-day and book", errors=no_book_errors())
    assert np.isnan([row["low"], row["high"]]).all()


def test_bounds_are_those_over_all_switches():
    choices = CHOICES._replace(switches=("own_orders",))
    cases = cases_of(SOME_ARMS, choices)
    sweeps = drawn_sweeps(2)
    summary = summary_of_choices(rows_of(sweeps, cases), cases)
    rows = [
        row
        for row in effects_of(summary, cases)
        if (row["metric"], row["weight"]) == ("fill_ratio", "sweep")
    ]
    plain, switched = (
        [row for row in rows if row["switch"] == name] for name in ("", "own_orders")
    )
    assert [row["interval"] for row in switched] == ["security-day", "security-day and participant"]
    found = sorted([plain[0]["effect"], switched[0]["effect"]])
    assert found[0] < found[1]
    assert [(row["least"], row["most"]) for row in plain] == [tuple(found)] * 3
    assert np.isnan([row["least"] for row in switched]).all()


def test_errors_of_a_book_by_hand():
    """Two days: 10 and 20 on the tape, 8 and 16 in the book; then one where nothing is known."""
    tape, predicted, hits = (
        np.array([[a, 5, 0], [b, 5, 0]]) for a, b in ((10, 20), (8, 16), (8, 16))
    )
    # The ratio is the same on both days, but six misses are no fewer than six; and where all ten
    # are right, one more might not have been.
    errors = [np.hypot(1 / 4, np.sqrt(6) / 24), 1 / 10, np.nan]
    assert book_errors(tape, predicted, hits) == pytest.approx(errors, nan_ok=True)
    # Too many are as wrong as too few: 12 on the tape of 16, four of them elsewhere.
    tape, predicted, hits = (np.array([[n, 0, 0]]) for n in (12, 16, 8))
    assert book_errors(tape, predicted, hits)[0] == pytest.approx(np.sqrt(1 + (4 + 8) / 16) / 4)
    # 14 of 12 on one day and 16 of 12 on the other: each is one off the ratio, 5 / 4.
    tape = np.array([[14, 0, 0], [16, 0, 0]])
    predicted = hits = np.array([[12, 0, 0], [12, 0, 0]])
    error = max(np.sqrt(2 * (1 + 1)) / 24, np.sqrt(6) / 24)
    assert book_errors(tape, predicted, hits)[0] == pytest.approx(np.hypot(1 / 4, error))


def test_one_security_day_has_no_interval():
    row = told(drawn_sweeps(1, partitions=1), "sweep")
    assert np.isnan([row["low"], row["high"], row["p_value"]]).all()
    assert not np.isnan(row["effect"])


@settings(max_examples=8)
@given(seed=st.integers(0, 99), cuts=st.lists(st.integers(1, 11), max_size=4))
def test_any_cut_at_partitions_and_any_order_gives_the_same_bytes(seed, cuts):
    sweeps = drawn_sweeps(seed)
    whole = summary_of_choices(rows_of(sweeps), CASES)
    bounds = [0, *sorted(set(cuts)), 12]
    parts = [
        summary_of_choices(
            rows_of(sweeps[(sweeps["partition"] >= low) & (sweeps["partition"] < high)]), CASES
        )
        for low, high in pairwise(bounds)
    ]
    np.random.default_rng(seed).shuffle(parts)
    merged = added([added(parts[:2]), *parts[2:]])
    for one, other in ((whole.sensitivity, merged.sensitivity), (whole.levels, merged.levels)):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_without_sweeps_there_are_headings_only():
    found = tables_of(nothing(), SOME_ARMS, CHOICES)
    assert [len(found[name]) for name in ("robustness", "verdicts", "by_choice")] == [0, 0, 0]


# --- verdicts -------------------------------------------------------------------------------------

ASKED = Choices("clock:5min", 20, lifetimes=("clock:5min", "close"), adoption_shares=())


def effect(value=0.1, **other):
    """A row of `ROBUSTNESS`; a tenth more fills, certainly."""
    row = {
        "scenario": "dual-post",
        "metric": "fill_ratio",
        "weight": "sweep",
        "unit": "share",
        "lifetime": "clock:5min",
        "adoption": 0.05,
        "switch": "",
        "least": np.nan,
        "most": np.nan,
        "interval": "security-day",
        "p_value": 0.001,
        "n_clusters": 12,
        **other,
    }
    return {"effect": value, "low": value - 0.05, "high": value + 0.05} | row


def verdict(*rows):
    """Of these rows, and of as many with a book that has no errors."""
    own = [row for row in rows if (row["lifetime"], row["adoption"]) == ("clock:5min", 0.05)]
    own = [row | {"interval": "security-day and book"} for row in own if not row["switch"]]
    is_told = any(row["interval"] == "security-day and book" for row in rows)
    (found,) = verdicts([*rows, *([] if is_told else own)], ASKED)
    return found["verdict"], found["turned_by"]


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        ("fill_ratio", 0.1, "better"),
        ("fill_ratio", -0.1, "worse"),
        ("completed_shortfall_bps", 0.1, "worse"),
        ("completed_shortfall_bps", -0.1, "better"),
    ],
)
def test_what_holds_under_every_choice_is_decided(metric, value, expected):
    rows = [
        effect(value, metric=metric, weight=weight, lifetime=lifetime, adoption=adoption)
        for weight in ("sweep", "value", "aud")
        for lifetime in ("clock:5min", "close")
        for adoption in (0.05, 1.0)
    ]
    assert verdict(*rows) == (expected, "")


@pytest.mark.parametrize(
    ("other", "turned_by"),
    [
        ([effect(-0.1, lifetime="close")], "turns if sweeps wait to the close"),
        ([effect(-0.1, adoption=1.0)], "turns if everybody changes"),
        ([effect(0.0, adoption=1.0)], "turns if everybody changes"),
        (
            [effect(-0.1, weight="value"), effect(-0.1, weight="aud")],
            "turns by value instead of per sweep",
        ),
        (
            [effect(-0.1, lifetime="close", weight="value"), effect(-0.1, lifetime="close")],
            "turns if sweeps wait to the close",
        ),
        (
            [effect(-0.1, lifetime="close", adoption=1.0)],
            "turns if sweeps wait to the close and everybody changes",
        ),
        ([effect(0.01, weight="value")], "an interval holds zero by value"),
        (
            [effect(np.nan, lifetime="close")],
            "nothing can be compared if sweeps wait to the close",
        ),
        (
            [effect(-0.1, switch="own_quotes")],
            "turns if the quotes that they made go with them",
        ),
        (
            [effect(low=np.nan, high=np.nan, interval="security-day and book")],
            "how wrong the book is cannot be told",
        ),
        (
            [effect(low=-0.1, interval="security-day and book")],
            "an interval holds zero per sweep",
        ),
        # Where it is not asked about an interval decides nothing.
        ([effect(0.01, lifetime="close")], ""),
    ],
)
def test_what_turns_a_verdict_is_named(other, turned_by):
    found = verdict(effect(), *other)
    assert found == ("not decided" if turned_by else "better", turned_by)


@pytest.mark.parametrize(
    ("row", "turned_by"),
    [
        (effect(n_clusters=9), "9 security-days of the 10 it takes"),
        (effect(n_clusters=1, low=np.nan, high=np.nan), "1 security-day of the 10 it takes"),
        (effect(p_value=0.2), "p = 0.200 for the family"),
        (effect(0.0, low=0.0, high=0.0), "no difference"),
        (effect(np.nan), "no sweep can be compared"),
    ],
)
def test_why_nothing_is_decided(row, turned_by):
    assert verdict(row) == ("not decided", turned_by)


def test_the_range_is_that_of_one_unit():
    rows = [effect(least=0.05, most=0.2), effect(0.3, adoption=1.0)]
    (found,) = verdicts([*rows, effect(9_000.0, weight="aud", unit="AUD")], ASKED)
    assert (found["smallest"], found["largest"]) == (0.1, 0.3)
    assert (found["least"], found["most"]) == (0.05, 0.2)
