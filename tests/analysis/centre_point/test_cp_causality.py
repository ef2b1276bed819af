"""No look-ahead: what is cut off the end of the input changes nothing before it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cp_markets
import numpy as np
import pytest
from cp_rows import BUY, SELL, Day
from framed import run_scenario
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.order_flow import (
    OrderFlow,
    free_flow,
    require_causal,
)
from sweep_dask.analysis.centre_point.resync_flow import resync_flow
from sweep_dask.terms.arms import SCENARIOS

MODES = ("resync", "free")
MARKETS = {"sample": cp_markets.sample_day, "morning": cp_markets.morning}


def predictions(partition, mode, until_ns):
    """Matches predicted up to a time, as rows of numbers."""
    log, rules, is_in = partition.log, partition.settings.rules, partition.is_in
    if mode == "resync":
        flow = resync_flow(log, partition.tape, rules, is_in, partition.market)
    else:
        flow = free_flow(log, partition.tape, rules, is_in, partition.market)
    fills = partition.run(flow, keeps_fills=mode == "free").fills
    at_ns = flow.timestamp_ns[fills["event"]]
    columns = (
        at_ns,
        log.order_id[fills["buy"]],
        log.order_id[fills["sell"]],
        *(fills[name] for name in ("quantity", "price_x2", "deal_source", "aggressor")),
    )
    return np.stack(columns, axis=1)[at_ns <= until_ns].tolist()


@cache
def whole(market, mode):
    return predictions(MARKETS[market]().partition(), mode, 2**62)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("market", MARKETS)
def test_cutting_the_input_changes_no_earlier_prediction(market, mode):
    tables = MARKETS[market]()
    known = whole(market, mode)
    for cut_ns in cp_markets.cut_times(tables, 25, seed=7):
        before = [match for match in known if match[0] <= cut_ns]
        assert predictions(tables.until(cut_ns).partition(), mode, cut_ns) == before


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=25)
@given(st.floats(0, 1))
def test_cutting_the_sample_at_any_event_changes_no_earlier_prediction(mode, share):
    tables = cp_markets.sample_day()
    times_ns = np.unique(tables.orders.timestamp)
    cut_ns = int(times_ns[int(share * (times_ns.size - 1))])
    before = [match for match in whole("sample", mode) if match[0] <= cut_ns]
    assert predictions(tables.until(cut_ns).partition(), mode, cut_ns) == before


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("market", MARKETS)
def test_scenarios_do_not_look_ahead_either(market, scenario):
    tables = MARKETS[market]()
    known = run_scenario(tables.partition(), scenario, "", 0).matches
    for cut_ns in cp_markets.cut_times(tables, 5, seed=8):
        cut = run_scenario(tables.until(cut_ns).partition(), scenario, "", 0).matches
        before = known[known.timestamp <= cut_ns].reset_index(drop=True)
        assert cut[cut.timestamp <= cut_ns].equals(before)


@pytest.mark.parametrize("mode", MODES)
def test_a_later_preferenced_trade_opens_nobodys_eyes_earlier(mode):
    # Participant 2's second order would fill its own 2 first, had it been seen to opt in.
    day = Day().enter(1, 200, BUY, 50, 3340).enter(2, 201, BUY, 50, 3340)
    day.enter(3, 300, SELL, 50, 3330, participantid=2)
    opted_in_later = Day().enter(1, 200, BUY, 50, 3340).enter(2, 201, BUY, 50, 3340)
    opted_in_later.enter(3, 300, SELL, 50, 3330, participantid=2)
    opted_in_later.trade(301, (2, 3, 50, 3335, 46, SELL))
    ahead = predictions(day.partition(), mode, 300)
    assert ahead
    assert predictions(opted_in_later.partition(), mode, 300) == ahead


def flow_at(*times_ns):
    size = len(times_ns)
    numbers = np.arange(size)
    return OrderFlow(np.zeros(size), np.array(times_ns), numbers, numbers)


def objection_to(flow):
    """What is said against the order of a flow; nothing if it is causal."""
    try:
        require_causal(flow)
    except AssertionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("times_ns", "found"),
    [
        ((), ""),
        ((5,), ""),
        ((5, 5), ""),
        ((5, 6, 6, 9), ""),
        ((6, 5), "event 1 at 5 follows one at 6"),
        ((5, 7, 6, 9), "event 2 at 6 follows one at 7"),
        ((5, 7, 9, 8), "event 3 at 8 follows one at 9"),
    ],
)
def test_a_flow_is_causal_if_its_times_never_fall(times_ns, found):
    objection = objection_to(flow_at(*times_ns))
    assert found in objection
    assert bool(objection) == bool(found)


def test_a_look_ahead_planted_in_a_real_flow_is_found():
    partition = Day().enter(1, 200, BUY, 50, 3340).enter(2, 201, SELL, 50, 3340).partition()
    flow = free_flow(
        partition.log, None, partition.settings.rules, partition.is_in, partition.market
    )
    times_ns = flow.timestamp_ns.copy()
    times_ns[-2] = times_ns[-1] + 1
    with pytest.raises(AssertionError, match="follows"):
        require_causal(replace(flow, timestamp_ns=times_ns))
