"""Sweeps drawn at random with every arm's outcome, for the tests of the report.

One frame per arm, rows aligned, columns `SWEEP_TABLE`.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from framed import table

from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.terms.arms import ARMS, REAL
from sweep_dask.terms.dimensions import MARKETABILITY

FIRST_DAY = dt.date(2024, 10, 4)
HOURS = ("10", "11", "12", "13", "14", "15")
SIZE_BOUNDS = (500, 2_000)
#: What each arm does to the share that fills and to its price, in bps; made up.
_TEMPER = {
    "tape": (1.0, 0.0),
    "time-priority": (1.2, 0.4),
    "as-entered": (1.0, 0.0),
    "dual-post": (1.15, 0.6),
    "rest-dark": (0.7, 0.9),
    "dark-only": (0.5, 1.8),
}
_HALF_SPREAD_BPS = 1.5
_PARTS = {"price_part_aud": 0.5, "quantity_part_aud": 0.3, "time_part_aud": 0.2}
_FIRST_ID = 7_904_794_000_123_498_601


def drawn_market(count, seed=7, days=3, securities=4, arms=ARMS, **changes):
    """Line -> frame; `changes` are columns given to all sweeps, such as `is_continuous=False`."""
    random = np.random.default_rng(seed)
    orders = _orders(random, count, days, securities).assign(**changes)
    luck = random.random((3, count))
    market = {arm: _outcome(random, orders, luck, arm) for arm in ARMS}
    real = market[REAL]
    labels = {
        "real_outcome": real["outcome"],
        "has_residual": orders["is_continuous"] & (real["fill_ratio"] < 0.9),
    }
    for arm in arms:
        parts = market[arm]["arrival_cost_aud"] - real["arrival_cost_aud"]
        columns = labels | {name: share * parts for name, share in _PARTS.items()}
        market[arm] = market[arm].assign(**columns)
    market[REAL] = market[REAL].assign(**dict.fromkeys(_PARTS, np.nan))
    return {arm: sweep_table(market[arm]) for arm in ARMS if arm in arms}


def sweep_table(frame):
    """The frame with every column of the table; what it has not is missing or 0."""
    missing = {"str": None, "category": None, "Int64": None, "float64": np.nan, "bool": False}
    values = {
        name: frame[name] if name in frame else np.full(len(frame), missing.get(kind, 0))
        for name, kind in SWEEP_TABLE.items()
    }
    return table(SWEEP_TABLE, values).copy()  # tests change it


def _orders(random, count, days, securities):
    quantity = np.maximum(random.lognormal(6.5, 1.4, count).astype(np.int64), 1)
    day = random.integers(0, days, count)
    orders = pd.DataFrame(
        {
            "date": [(FIRST_DAY + dt.timedelta(days=int(n))).isoformat() for n in day],
            "security": random.integers(1, securities + 1, count) + 210_000,
            "order_id": np.arange(count) + _FIRST_ID,
            "participant": pd.array(random.integers(1, 31, count), dtype="Int64"),
            "side": random.choice(["buy", "sell"], count),
            "is_continuous": random.random(count) < 0.93,
            "is_short_sell": random.random(count) < 0.1,
            "quantity": quantity,
            "hour": random.choice(HOURS, count),
            "spread_class": random.choice(["1", "2", "5 or more"], count),
            "marketability": random.choice(MARKETABILITY, count),
            "arrival_midpoint": random.choice([27_775.0, 3_455.0, 10_010.0], count),
            "arrival_ns": 1_728_000_000_000_000_001 + day * 86_400_000_000_000 + np.arange(count),
        }
    )
    orders["size_class"] = np.select(
        [quantity <= bound for bound in SIZE_BOUNDS], ["Small", "Medium"], "Large"
    )
    # Every seventh re-enters another, and adds a third of its shares.
    again = orders.index % 7 == 6
    orders["parent_id"] = orders["order_id"] - again
    orders["added_quantity"] = np.where(again, quantity // 3, quantity)
    return orders.sort_values(["date", "security", "order_id"], ignore_index=True)


def _outcome(random, orders, luck, arm):
    factor, gain_bps = _TEMPER[arm.name]
    quantity = orders["quantity"].to_numpy()
    noise = random.normal(0, 0.08 if arm.name != "as-entered" else 0.01, len(orders))
    ratio = np.clip(np.where(luck[0] < 0.35, 0, luck[1] * 1.6) * factor + noise, 0, 1)
    filled = np.floor(ratio * quantity).astype(np.int64)
    has_fill = filled > 0
    paper = orders["arrival_midpoint"].to_numpy() * quantity / 1000
    spread = np.where(has_fill, 4 - gain_bps - 3 * luck[2] - noise, np.nan)
    cost_bps = np.where(has_fill, (spread / 2) * filled / quantity, 0.0)
    left = 1 - filled / quantity
    missed_bps = np.where(filled < quantity, 3 * luck[2] * left, 0.0)
    # Some have no midpoint to mark what is left to.
    missed_bps[(luck[0] > 0.97) & (filled < quantity)] = np.nan
    shortfall_bps = cost_bps + missed_bps
    completed_bps = shortfall_bps + _HALF_SPREAD_BPS * left
    late = random.exponential(30, len(orders))
    wait = np.where(has_fill, np.where(luck[2] < 0.6, 0.0, late), np.nan)
    reasons = random.choice(["limit", "no_contra", "session"], len(orders))
    return orders.assign(
        model=arm.model,
        scenario=arm.scenario,
        filled_quantity=filled,
        unfilled_quantity=quantity - filled,
        dark_quantity=(filled * (0.9 if arm.scenario == "dark-only" else 0.3)).astype(np.int64),
        fill_count=has_fill.astype(np.int64),
        fill_ratio=filled / quantity,
        outcome=np.select([~has_fill, filled < quantity], ["unfilled", "partly_filled"], "filled"),
        arrival_cost_bps=cost_bps,
        implementation_shortfall_bps=shortfall_bps,
        completed_shortfall_bps=completed_bps,
        arrival_cost_aud=cost_bps * paper / 10_000,
        opportunity_cost_aud=missed_bps * paper / 10_000,
        implementation_shortfall_aud=shortfall_bps * paper / 10_000,
        completed_shortfall_aud=completed_bps * paper / 10_000,
        far_touch_improvement_aud=np.where(has_fill, (6 - spread) * paper / 10_000, 0.0),
        far_touch_improvement_bps=np.where(has_fill, 6 - spread, np.nan),
        effective_spread_bps=spread,
        time_to_first_fill_seconds=wait,
        mean_time_to_fill_seconds=wait * 1.5,
        unfilled_reason=np.where((filled < quantity) & (arm.scenario is not None), reasons, ""),
    )
