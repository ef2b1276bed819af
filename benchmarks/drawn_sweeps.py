"""Drawn metrics of sweeps in every line: what the partitions of a large run leave, without the run.

Nothing is matched. Quantities, fills and prices are drawn, and the metrics follow from them by
their formulas, so that ties, missing values and what lines have in common are as in real results.
A partition is drawn from its own seed and written before the next one.
"""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.centre_point.sweep_outcomes import REASONS
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.analysis.tables import side_names, table
from sweep_dask.analysis.time_priority.states import size_category
from sweep_dask.storage.atomic import write_bytes
from sweep_dask.storage.frames import parquet_bytes
from sweep_dask.terms.arms import ARMS, REAL, Arm
from sweep_dask.terms.dimensions import HOURS, MARKETABILITY, SPREADS, STATUSES, WIDE_TICKS
from sweep_dask.terms.files import SWEEP_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

_FIRST_DAY = dt.date(2024, 9, 2)
_OPEN_NS = 10 * 3_600 * 10**9
_DAY_NS = 6 * 3_600 * 10**9
_TICK = 10
_METRICS_BPS = ("limit", "midpoint", "far_touch")


def partitions(sweeps: int, days: int, securities: int) -> Iterator[tuple[str, int, int]]:
    """Date, security and number of sweeps of each partition; few securities have most sweeps."""
    weight = 1 / np.arange(1, securities + 1) ** 0.7
    share = np.tile(weight / weight.sum() / days, days)
    ends = np.round(np.cumsum(share) * sweeps).astype(int)
    counts = np.diff(ends, prepend=0)
    for number, count in enumerate(counts.tolist()):
        day = _FIRST_DAY + dt.timedelta(days=number // securities)
        yield day.isoformat(), 101 + number % securities, count


def write_partitions(
    layout: OutputLayout, sweeps: int, days: int, securities: int, processes: int = 1
) -> list[Path]:
    """Write `outputs/{date}/{security}/sweep_metrics.parquet`; returns the paths in order."""
    found = enumerate(partitions(sweeps, days, securities))
    jobs = [(layout, number, *partition) for number, partition in found]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(_write_partition, *zip(*jobs, strict=True), chunksize=securities))


def _write_partition(
    layout: OutputLayout, number: int, date: str, security: int, sweeps: int
) -> Path:
    path = layout.outputs(date, security) / "sweep_metrics.parquet"
    rows = draw_partition(date, security, sweeps, np.random.default_rng(number))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, parquet_bytes(rows, SWEEP_METRICS))
    return path


def draw_partition(date: str, security: int, sweeps: int, random: np.random.Generator) -> pa.Table:
    """All lines of one partition; columns `SWEEP_TABLE`."""
    order = _draw_orders(date, security, sweeps, random)
    luck = random.random(sweeps)
    real = _draw_line(order, REAL, luck, random)
    lines = [real, *(_draw_line(order, line, luck, random) for line in ARMS[1:])]
    labels = {
        "participant": order["participant"],
        "is_continuous": order["is_continuous"],
        "has_residual": real["arrival_filled_quantity"] < order["quantity"],
        "is_short_sell": order["is_short_sell"],
        "real_outcome": real["outcome"],
        "size_class": size_category(order["quantity"]),
        "hour": order["hour"],
        "spread_class": order["spread_class"],
        "marketability": order["marketability"],
        # None is a re-entry.
        "parent_id": order["order_id"],
        "added_quantity": order["quantity"],
    }
    return pa.concat_tables(
        table(SWEEP_TABLE, order | line | labels | _parts(real, line)) for line in lines
    )


def _draw_orders(date: str, security: int, sweeps: int, random: np.random.Generator) -> dict:
    """What is the same in every line."""
    midnight = dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC) - dt.timedelta(hours=10)
    wait_ns = np.sort(random.integers(-_DAY_NS // 100, _DAY_NS, sweeps))
    arrival_ns = int(midnight.timestamp()) * 10**9 + _OPEN_NS + wait_ns
    working = np.where(
        random.random(sweeps) < 0.5, 0.0, np.round(random.exponential(60, sweeps), 6)
    )
    ticks = np.minimum(random.geometric(0.6, sweeps), 9)
    midpoint = 2_000 + 10 * (security % 500) + np.cumsum(random.integers(-1, 2, sweeps)) * _TICK / 2
    no_quote = random.random(sweeps) < 0.01
    midpoint = np.where(no_quote, np.nan, midpoint)
    spread = np.where(no_quote, np.nan, ticks * float(_TICK))
    side = random.integers(1, 3, sweeps)
    sign = np.where(side == 1, 1, -1)
    wide = np.minimum(ticks, WIDE_TICKS) - 1
    unknown = random.random(sweeps) < 0.02
    return {
        "date": [date] * sweeps,
        "security": np.full(sweeps, security),
        "order_id": 7_000_000_000_000_000_000
        + security * 10**9
        + np.cumsum(random.integers(1, 99, sweeps)),
        "participant": pa.array(random.geometric(0.1, sweeps), mask=unknown),
        "is_continuous": wait_ns > 0,
        "is_short_sell": random.random(sweeps) < 0.15,
        "hour": np.array(HOURS, dtype=object)[(10 + wait_ns // (3_600 * 10**9)).clip(9, 16)],
        "spread_class": np.where(no_quote, None, np.array(SPREADS, dtype=object)[wide]),
        # Every limit is at the far touch.
        "marketability": np.where(no_quote, None, MARKETABILITY[0]),
        "side": side_names(side),
        "sign": sign,
        "arrival_ns": arrival_ns,
        "end_ns": arrival_ns + np.round(working * 1e9).astype(np.int64),
        "working_seconds": working,
        "quantity": np.where(
            random.random(sweeps) < 0.3,
            100 * random.integers(1, 20, sweeps),
            1 + random.lognormal(6, 1.3, sweeps).astype(np.int64),
        ),
        "limit": midpoint + sign * spread / 2,
        "arrival_bid": midpoint - spread / 2,
        "arrival_offer": midpoint + spread / 2,
        "arrival_midpoint": midpoint,
        "arrival_spread_price": spread,
        "arrival_spread_bps": spread / midpoint * 1e4,
        "arrival_spread_ticks": np.where(no_quote, np.nan, ticks),
        "market_drift_price": (drift := random.integers(-4, 5, sweeps) * _TICK / 2),
        "market_drift_bps": drift / midpoint * 1e4,
        "working_spread_price": spread,
        "working_spread_bps": spread / midpoint * 1e4,
    }


def _draw_line(order: dict, line: Arm, luck: np.ndarray, random: np.random.Generator) -> dict:
    """The outcome and the metrics of one line: mostly as in the others, by the same luck."""
    sweeps = luck.size
    own = np.where(random.random(sweeps) < 0.8, luck, random.random(sweeps))
    quantity = order["quantity"]
    share = np.select([own < 0.3, own < 0.7], [0.0, 1.0], np.round((own - 0.7) / 0.3, 2))
    filled = np.floor(share * quantity).astype(np.int64)
    unfilled = quantity - filled
    dark = np.where(random.random(sweeps) < 0.3, filled, filled // 2)
    count = np.where(filled > 0, random.geometric(0.5, sweeps), 0)
    is_filled = filled > 0
    at_once = random.random(sweeps) < 0.6
    first = np.where(at_once, 0.0, np.round(random.exponential(20, sweeps), 9))
    last = np.where(count > 1, np.round(first * 1.7, 9), first)
    price_cost = random.integers(-1, 3, sweeps) * order["arrival_spread_price"] / 4
    time_cost = np.where(at_once, 0.0, random.integers(-2, 3, sweeps) * _TICK / 2)
    outcome = np.where(filled == 0, 0, np.where(unfilled > 0, 1, 2))
    metrics = _shortfall(order, filled, unfilled, price_cost + time_cost)
    metrics |= _per_share(order, is_filled, price_cost, time_cost)
    metrics |= {
        f"{name}_improvement_aud": metrics[f"{name}_improvement_price"] * filled / 1_000
        for name in _METRICS_BPS
    }
    has_book = line.scenario is not None
    reasons = np.array(sorted(set(REASONS.values())), dtype=object)
    return metrics | {
        "model": [line.model] * sweeps,
        "scenario": [line.scenario] * sweeps,
        "filled_quantity": filled,
        "unfilled_quantity": unfilled,
        "dark_quantity": dark,
        "arrival_filled_quantity": np.where(at_once, filled, 0),
        "fill_ratio": filled / quantity,
        "fill_count": count,
        "outcome": np.array(STATUSES, dtype=object)[outcome],
        "filled_value_x2": np.where(is_filled, 2 * np.nan_to_num(metrics["vwap"]) * filled, 0),
        "time_to_first_fill_seconds": np.where(is_filled, first, np.nan),
        "time_to_last_fill_seconds": np.where(is_filled, last, np.nan),
        "mean_time_to_fill_seconds": np.where(is_filled, (first + last) / 2, np.nan),
        "unfilled_reason": np.where(
            has_book & (unfilled > 0), reasons[random.integers(0, reasons.size, sweeps)], ""
        ),
        "price_cost": price_cost,
        "time_cost": time_cost,
    }


def _shortfall(
    order: dict, filled: np.ndarray, unfilled: np.ndarray, cost: np.ndarray
) -> dict[str, np.ndarray]:
    midpoint = order["arrival_midpoint"]
    arrival = np.where(filled > 0, cost * filled, 0 * midpoint)
    missed = order["market_drift_price"] * unfilled + 0 * midpoint
    amounts = {
        "arrival_cost": arrival,
        "opportunity_cost": missed,
        "implementation_shortfall": arrival + missed,
        "completed_shortfall": arrival + missed + order["arrival_spread_price"] / 2 * unfilled,
    }
    paper = midpoint * order["quantity"]
    in_bps = {f"{name}_bps": amount / paper * 1e4 for name, amount in amounts.items()}
    return in_bps | {f"{name}_aud": amount / 1_000 for name, amount in amounts.items()}


def _per_share(
    order: dict, is_filled: np.ndarray, price_cost: np.ndarray, time_cost: np.ndarray
) -> dict[str, np.ndarray]:
    midpoint, cost = order["arrival_midpoint"], price_cost + time_cost
    half = order["arrival_spread_price"] / 2
    prices = {
        "limit_improvement": half - cost,
        "midpoint_improvement": -cost,
        "far_touch_improvement": half - cost,
        "slippage": time_cost,
        "effective_spread": 2 * price_cost,
        "realised_spread_1s": 2 * price_cost + _TICK / 2,
        "realised_spread_10s": 2 * price_cost - _TICK / 2,
        "realised_spread_60s": 2 * (price_cost - time_cost),
    }
    columns = {"vwap": np.where(is_filled, midpoint + order["sign"] * cost, np.nan)}
    for name, price in prices.items():
        columns[f"{name}_price"] = np.where(is_filled, price + 0 * midpoint, np.nan)
        columns[f"{name}_bps"] = columns[f"{name}_price"] / midpoint * 1e4
    return columns


def _parts(real: dict, line: dict) -> dict[str, np.ndarray]:
    """Where the difference in arrival cost comes from; missing on the tape."""
    if line["model"][:1] == [REAL.model]:
        missing = np.full(len(line["model"]), np.nan)
        return dict.fromkeys(("price_part_aud", "quantity_part_aud", "time_part_aud"), missing)
    one, other = real["filled_quantity"], line["filled_quantity"]
    both = (one > 0) & (other > 0)
    total = line["arrival_cost_aud"] - real["arrival_cost_aud"]
    mean = (one + other) / 2_000
    price = np.where(both, mean * (line["price_cost"] - real["price_cost"]), 0 * total)
    time = np.where(both, mean * (line["time_cost"] - real["time_cost"]), 0 * total)
    return {
        "price_part_aud": price,
        "quantity_part_aud": total - price - time,
        "time_part_aud": time,
    }
