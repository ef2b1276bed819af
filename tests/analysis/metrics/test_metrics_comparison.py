"""Real against simulated: differences, and parts of the cost."""

from __future__ import annotations

import numpy as np
import pytest
from framed import arrival_cost_parts, differences, sweep_metrics
from hypothesis import given
from hypothesis import strategies as st
from sweep_cases import BUY, SECOND, make_fills, make_quotes, make_sweeps, markets, mirrored

from sweep_dask.analysis.metrics.records import NO_FEES, Fees
from sweep_dask.analysis.metrics.sweep_metrics import SWEEP_METRIC_COLUMNS
from sweep_dask.terms.metrics import COMPARED

QUOTES = make_quotes((SECOND, 3340, 3360))
#: Two buys of 100 at 3330 / 3340 that work for 5 s.
SWEEPS = make_sweeps(*((number, BUY, 0, 5 * SECOND, 0, 100, 3330, 3340) for number in (1, 2)))


def metrics(*fills, sweeps=SWEEPS, fees=NO_FEES):
    return sweep_metrics(sweeps, make_fills(*fills), QUOTES, fees=fees)


#: The first was filled at the far touch; simulated it gets half of it at the midpoint in the dark.
REAL = metrics((1, 0, 100, 6680, False))
SIMULATED = metrics((1, 2 * SECOND, 50, 6670, True))


def test_differences_are_simulated_minus_real():
    first, second = differences(REAL, SIMULATED).to_dict("records")
    assert first["filled_quantity"] == -50.0
    assert first["vwap"] == -5.0
    assert first["midpoint_improvement_price"] == 5.0
    assert first["time_to_first_fill_seconds"] == 2.0
    # Nothing filled twice over: no difference in quantity, and no prices to compare.
    assert second["filled_quantity"] == second["arrival_cost_aud"] == 0.0
    assert np.isnan(second["vwap"])


@pytest.mark.filterwarnings("error")
def test_no_sweeps_compare_to_nothing():
    none = metrics(sweeps=make_sweeps())
    assert differences(none, none).empty
    assert arrival_cost_parts(none, none).empty


@pytest.mark.parametrize("column", ["order_id", "side", "quantity", "arrival_ns"])
def test_other_sweeps_do_not_compare(column):
    turned = {"buy": "sell", "sell": "buy"}
    others = SIMULATED[column].map(lambda one: turned.get(one) or one + 1)
    with pytest.raises(ValueError, match=column):
        differences(REAL, SIMULATED.assign(**{column: others}))


def test_compared_metrics_are_columns():
    assert set(COMPARED) <= set(SWEEP_METRIC_COLUMNS)


def parts(real, simulated):
    names = ("difference_aud", "price_part_aud", "quantity_part_aud", "time_part_aud")
    return arrival_cost_parts(real, simulated)[list(names)].to_numpy()


def test_parts_of_a_difference_by_hand():
    """Real: 100 at 3340 at once. Simulated: 50 at 3335 when the midpoint was 3350.

    Per share, real: 5 above its midpoint, none from waiting. Simulated: 15 below its midpoint, 15
    lost by waiting. In 1/1000 A$: 0 against 500; quantity -50 x (5 + 0) / 2 = -125; the mean
    quantity is 75, so price 75 x (-15 - 5) = -1500 and time 75 x (15 - 0) = 1125.
    """
    first, second = parts(REAL, SIMULATED)
    assert first == pytest.approx([-0.5, -1.5, -0.125, 1.125])
    assert second.tolist() == [0, 0, 0, 0]


def test_fees_are_part_of_the_price_that_is_paid():
    """As above, for 10 bps in the lit and 4 in the dark book.

    In 1/1000 A$, real: 334,000 x 0.001 = 334, of 100 shares; simulated: 166,750 x 0.0004 = 66.7, of
    50. So the arrival cost is 834 against 66.7; quantity -50 x (8.34 + 1.334) / 2 = -241.85; price
    75 x (-15 + 1.334 - 5 - 3.34) = -1650.45 and time as without fees.
    """
    fees = Fees(4.0, 10.0)
    real = metrics((1, 0, 100, 6680, False), fees=fees)
    simulated = metrics((1, 2 * SECOND, 50, 6670, True), fees=fees)
    assert real["arrival_cost_aud"][0] == pytest.approx(0.834)
    assert simulated["arrival_cost_aud"][0] == pytest.approx(0.0667)
    first, second = parts(real, simulated)
    assert first == pytest.approx([-0.7673, -1.65045, -0.24185, 1.125])
    assert second.tolist() == [0, 0, 0, 0]


def test_filled_in_one_only_is_all_quantity():
    first, _ = parts(REAL, metrics())
    assert first.tolist() == [-0.5, 0, -0.5, 0]


def test_without_a_midpoint_of_the_fill_there_is_the_quantity_part_only():
    quotes = make_quotes((SECOND, 0, 3360))
    fills = make_fills((1, 2 * SECOND, 50, 6670, True))
    first, _ = parts(REAL, sweep_metrics(SWEEPS, fills, quotes))
    assert first == pytest.approx([-0.5, np.nan, -0.125, np.nan], nan_ok=True)


@given(markets(), st.integers(0, 8))
def test_parts_add_up_with_fees(market, of_real):
    sweeps, fills, quotes = market
    rows = np.arange(fills.order_id.size)
    fates = [fills.chosen(rows[:of_real]), fills.chosen(rows[of_real:])]
    found = parts(*(sweep_metrics(sweeps, fate, quotes, fees=Fees(0.5, 2.25)) for fate in fates))
    known = ~np.isnan(found).any(axis=1)
    assert found[known, 1:].sum(axis=1) == pytest.approx(found[known, 0], rel=1e-9, abs=1e-9)


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
