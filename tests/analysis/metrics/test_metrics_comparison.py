"""Real against simulated: differences, agreement, averages, and parts of the cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_cases import BUY, SECOND, make_fills, make_quotes, make_sweeps, markets, mirrored

from sweep_dask.analysis.metrics.comparison import (
    COMPARED,
    agreement_counts,
    average_values,
    differences,
    values,
)
from sweep_dask.analysis.metrics.decomposition import arrival_cost_parts
from sweep_dask.analysis.metrics.sweep_metrics import SWEEP_METRICS, sweep_metrics

QUOTES = make_quotes((SECOND, 3340, 3360))
#: Two buys of 100 at 3330 / 3340 that work for 5 s.
SWEEPS = make_sweeps(*((number, BUY, 0, 5 * SECOND, 0, 100, 3330, 3340) for number in (1, 2)))


def metrics(*fills, sweeps=SWEEPS):
    return sweep_metrics(sweeps, make_fills(*fills), QUOTES)


#: The first was filled at the far touch; simulated it gets half of it at the midpoint in the dark.
REAL = metrics((1, 0, 100, 6680, False))
SIMULATED = metrics((1, 2 * SECOND, 50, 6670, True))


def test_differences_are_real_minus_simulated():
    first, second = differences(REAL, SIMULATED).to_dict("records")
    assert first["filled_quantity"] == 50.0
    assert first["vwap"] == 5.0
    assert first["midpoint_improvement_price"] == -5.0
    assert first["time_to_first_fill_seconds"] == -2.0
    # Nothing filled twice over: no difference in quantity, and no prices to compare.
    assert second["filled_quantity"] == second["arrival_cost_aud"] == 0.0
    assert np.isnan(second["vwap"])


def agreement(real, simulated, metric, tolerance=0.0):
    every = np.ones(len(real), dtype=bool)
    pair = values(real, metric), values(simulated, metric)
    return agreement_counts(*pair, every, metric, tolerance)


def averages(real, simulated, metric, chosen=None):
    every = np.ones(len(real), dtype=bool)
    pair = values(real, metric), values(simulated, metric)
    return average_values(*pair, every if chosen is None else chosen)


@pytest.mark.parametrize(
    ("metric", "verdict", "agreeing"),
    [
        ("filled_quantity", "worse", 1),
        ("midpoint_improvement_bps", "better", 0),
        # Two seconds later is worse.
        ("time_to_first_fill_seconds", "worse", 0),
        # A lower average price says nothing by itself.
        ("vwap", "other", 0),
    ],
)
def test_verdicts_are_on_the_simulation(metric, verdict, agreeing):
    found = agreement(REAL, SIMULATED, metric)
    expected = {"better": 0, "worse": 0, "other": 0} | {verdict: 1}
    assert {name: found[f"n_{name}"] for name in expected} == expected
    assert (found["n_agree"], found["n_pairs"]) == (agreeing, 1 + agreeing)


def test_a_difference_of_the_tolerance_agrees():
    real = np.array([0.5, -0.5, 0.51, -0.51, np.nan])
    every, none = np.ones(5, dtype=bool), np.zeros(5)

    def counts(metric, tolerance):
        found = agreement_counts(real, none, every, metric, tolerance)
        return [found[f"n_{name}"] for name in ("agree", "better", "worse", "simulated_only")]

    assert counts("fill_ratio", 0.5) == [2, 1, 1, 1]
    assert counts("mean_time_to_fill_seconds", 0.0) == [0, 2, 2, 1]


def test_agreement_counts_every_sweep_once():
    for metric in COMPARED:
        found = agreement(REAL, SIMULATED, metric)
        counts = [found[f"n_{name}"] for name in ("agree", "better", "worse", "other")]
        assert sum(counts) == found["n_pairs"]
    only = agreement(REAL, metrics(), "vwap")
    assert (only["n_pairs"], only["n_real_only"], only["n_simulated_only"]) == (0, 1, 0)


def test_averages_over_all_and_over_the_engaged():
    every = averages(REAL, SIMULATED, "fill_ratio")
    assert (every["mean_real"], every["mean_simulated"]) == (0.5, 0.25)
    assert (every["n_sweeps"], every["mean_difference"]) == (2, 0.25)
    # Only the first found a contra: half the sweeps, twice the difference.
    engaged = averages(REAL, SIMULATED, "fill_ratio", np.array([True, False]))
    assert (engaged["n_sweeps"], engaged["mean_difference"]) == (1, 0.5)


def test_averages_of_what_does_not_exist_are_missing():
    row = averages(REAL, metrics(), "vwap")
    assert (row["n_real"], row["mean_real"], row["n_simulated"]) == (1, 3340.0, 0)
    assert np.isnan(row["mean_simulated"])
    assert np.isnan(row["mean_difference"])


@pytest.mark.filterwarnings("error")
def test_no_sweeps_compare_to_nothing():
    none = metrics(sweeps=make_sweeps())
    assert differences(none, none).empty
    assert arrival_cost_parts(none, none).empty
    assert agreement(none, none, "vwap")["n_sweeps"] == 0
    assert np.isnan(averages(none, none, "vwap")["mean_difference"])


@pytest.mark.parametrize("column", ["order_id", "side", "quantity", "arrival_ns"])
def test_other_sweeps_do_not_compare(column):
    with pytest.raises(ValueError, match=column):
        differences(REAL, SIMULATED.assign(**{column: SIMULATED[column] + 1}))


def test_compared_metrics_are_columns():
    assert set(COMPARED) <= set(SWEEP_METRICS)


@given(markets())
def test_the_same_fills_agree_in_everything(market):
    one, other = sweep_metrics(*market), sweep_metrics(*market)
    for metric in COMPARED:
        found = agreement(one, other, metric)
        assert found["n_agree"] == found["n_pairs"]


def parts(real, simulated):
    names = ("difference_aud", "price_part_aud", "quantity_part_aud", "time_part_aud")
    return arrival_cost_parts(real, simulated)[list(names)].to_numpy()


def test_parts_of_a_difference_by_hand():
    """Real: 100 at 3340 at once. Simulated: 50 at 3335 when the midpoint was 3350.

    Per share, real: 5 above its midpoint, none from waiting. Simulated: 15 below its midpoint, 15
    lost by waiting. In 1/1000 A$: -500 against 0; quantity 50 x (-5 + 0) / 2 = -125; the mean
    quantity is 75, so price 75 x (-5 - 15) = -1500 and time 75 x (0 + 15) = 1125.
    """
    first, second = parts(REAL, SIMULATED)
    assert first == pytest.approx([-0.5, -1.5, -0.125, 1.125])
    assert second.tolist() == [0, 0, 0, 0]


def test_filled_in_one_only_is_all_quantity():
    first, _ = parts(REAL, metrics())
    assert first.tolist() == [-0.5, 0, -0.5, 0]


def test_without_a_midpoint_of_the_fill_there_is_the_quantity_part_only():
    quotes = make_quotes((SECOND, 0, 3360))
    fills = make_fills((1, 2 * SECOND, 50, 6670, True))
    first, _ = parts(REAL, sweep_metrics(SWEEPS, fills, quotes))
    assert first == pytest.approx([-0.5, np.nan, -0.125, np.nan], nan_ok=True)


@given(markets(), st.data())
def test_parts_add_up_and_do_not_depend_on_the_side(market, data):
    sweeps, fills, quotes = market
    is_real = np.array(
        data.draw(
            st.lists(st.booleans(), min_size=fills.order_id.size, max_size=fills.order_id.size)
        ),
        dtype=bool,
    )
    fates = [fills.chosen(np.flatnonzero(is_real)), fills.chosen(np.flatnonzero(~is_real))]
    found = parts(*(sweep_metrics(sweeps, fate, quotes) for fate in fates))
    known = ~np.isnan(found).any(axis=1)
    assert found[known, 1:].sum(axis=1) == pytest.approx(found[known, 0], rel=1e-9, abs=1e-9)
    other = (mirrored(sweeps, fate, quotes, total=6660) for fate in fates)
    assert parts(*(sweep_metrics(*fate) for fate in other)) == pytest.approx(
        found, rel=1e-9, abs=1e-9, nan_ok=True
    )
    # What is exchanged changes its sign and nothing else.
    swapped = parts(*(sweep_metrics(sweeps, fate, quotes) for fate in fates[::-1]))
    assert swapped == pytest.approx(-found, rel=1e-9, abs=1e-9, nan_ok=True)
