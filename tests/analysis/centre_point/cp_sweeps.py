"""Sweeps in a day, and what became of them in a scenario."""

from __future__ import annotations

import numpy as np
from cp_rows import (
    BUY,
    FIRST_ID,
    LIT,
    SELL,
    SWEEP,
    Day,
)
from framed import run_scenario

from sweep_dask.analysis.centre_point.scenarios import Scenarios
from sweep_dask.terms.arms import SCENARIOS

ALL = tuple(SCENARIOS)
MID_X2 = 6670
QUANTITIES = {
    "dark_arrival": "dark_arrival_quantity",
    "dark_resting": "dark_resting_quantity",
    "lit_arrival": "lit_arrival_quantity",
    "lit_resting": "lit_resting_quantity",
}


def sweep(day, number, at, side, quantity, price, **fields):
    return day.enter(number, at, side, quantity, price, exchangeordertype=SWEEP, **fields)


def run(day, scenario, **arguments):
    return run_scenario(day.partition(**arguments), scenario, "2024-09-05", 110621)


def outcome(result, number):
    """The row of one sweep."""
    rows = result.order_summary[result.order_summary.order_id == FIRST_ID + number]
    assert len(rows) == 1
    return rows.iloc[0]


def filled(day, scenario, number=1):
    """What one sweep got, by where and when; nothing is left out that is not zero."""
    row = outcome(run(day, scenario), number)
    return {name: int(row[column]) for name, column in QUANTITIES.items() if row[column]}


def replayed(day, scenario, switch=None, adopting=None):
    scenarios = Scenarios(day.partition())
    adopts = scenarios.affected.copy()
    if adopting is not None:
        adopts &= np.isin(np.arange(adopts.size) + 1, adopting)
    flow = scenarios.flow(scenarios.orders(scenario))
    return flow, flow.run(adopts, switch)


def replay(day, scenario, switch=None, adopting=None):
    """Dark matches as (time, buy, sell, quantity, doubled price).

    Orders are numbered from 1 without gaps. `adopting`: which sweeps adopt; None: all that may.
    """
    flow, result = replayed(day, scenario, switch, adopting)
    fills = result.fills
    columns = [flow.flow.timestamp_ns[fills["event"]], fills["buy"] + 1, fills["sell"] + 1]
    return np.column_stack([*columns, fills["quantity"], fills["price_x2"]]).tolist()


def resting_buy_filled_lit(quantity=100):
    """Sweep 1 rests at 3330; a dark sell of 60 comes by; then all of the sweep fills lit."""
    day = sweep(Day(), 1, 200, BUY, quantity, 3330).enter(2, 300, SELL, 60, 3330)
    return day.trade(400, (1, 77, quantity, 3330, LIT, SELL))


def crossing_buy():
    """Sweep 1 takes 30 of the lit book and rests at 3340; 20 fill lit; a dark sell of 50 comes."""
    day = sweep(Day(), 1, 200, BUY, 100, 3340, rows=1)
    day.trade(200, (1, 77, 30, 3340, LIT, BUY)).trade(300, (1, 78, 20, 3340, LIT, SELL))
    return day.enter(2, 400, SELL, 50, 3330)
