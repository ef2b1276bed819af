"""Small tables of sweep metrics: with given values, and drawn with gaps and ties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from framed import table

from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.analysis.rollups.sweeps import CATEGORY_COLUMNS, COLUMNS
from sweep_dask.storage.combine import KEY_COLUMNS, result_schema
from sweep_dask.terms.arms import ARMS
from sweep_dask.terms.dimensions import HOURS, MARKETABILITY, SPREADS, STATUSES
from sweep_dask.terms.metrics import COMPARED

_DEFAULTS = {"str": "", "category": None, "float64": np.nan, "bool": False}
_PARTS = ("price_part_aud", "quantity_part_aud", "time_part_aud")


def make_sweeps(arm, columns):
    """Rows of one arm; what is not given is 0, missing, or empty text, and a sweep buys."""
    size = len(columns["order_id"])
    given = columns | {"model": [arm.model] * size, "scenario": [arm.scenario] * size}
    default = {name: [_DEFAULTS.get(kind, 0)] * size for name, kind in SWEEP_TABLE.items()}
    return table(SWEEP_TABLE, default | {"side": ["buy"] * size} | given)


def draw_sweeps(seed, sweeps, clusters=4, arms=ARMS, is_constant=False):
    """A table of several partitions and arms: few different values, many gaps."""
    random = np.random.default_rng(seed)
    cluster = np.sort(random.integers(0, clusters, sweeps))
    labels = _draw_labels(random, cluster)
    base = {metric: _draw_values(random, sweeps) for metric in COMPARED}
    frames = []
    for number, arm in enumerate(arms):
        found = {
            # Constant: every arm differs from every other by the same in every sweep.
            metric: values + number if is_constant else _draw_values(random, sweeps)
            for metric, values in base.items()
        }
        frames.append(make_sweeps(arm, labels | _draw_arm(random, found, arm)))
    # By partition and, within it, by arm.
    parts = [frame[cluster == number] for number in range(clusters) for frame in frames]
    return pd.concat(parts, ignore_index=True)


def _draw_labels(random, cluster):
    size = cluster.size
    known = random.random(size) < 0.7
    return {
        "date": [f"2024-09-{5 + number // 2:02d}" for number in cluster],
        "security": 100 - 30 * (cluster % 2),
        "order_id": 9_000_000_000_000_000_001 + np.arange(size),
        # Some re-enter the one before.
        "parent_id": 9_000_000_000_000_000_001 + np.arange(size) - (random.random(size) < 0.3),
        "added_quantity": random.choice([0, 50, 200], size),
        "participant": pd.arrays.IntegerArray(random.choice([8, 61, 300], size), ~known),
        "side": random.choice(["buy", "sell"], size).astype(object),
        "is_continuous": random.random(size) < 0.8,
        "has_residual": random.random(size) < 0.5,
        "is_short_sell": random.random(size) < 0.3,
        "real_outcome": random.choice(STATUSES, size).astype(object),
        "size_class": random.choice(["Small", "Large"], size).astype(object),
        "hour": random.choice(HOURS[9:12], size).astype(object),
        "spread_class": random.choice(np.array([*SPREADS, None], dtype=object), size),
        "marketability": random.choice(np.array([*MARKETABILITY, None], dtype=object), size),
        "quantity": random.choice([100, 200, 200, 500, 2000], size),
        "arrival_midpoint": np.where(random.random(size) < 0.8, 3335.0, np.nan),
    }


def _draw_arm(random, metrics, arm):
    size = metrics["vwap"].size
    whole = ("filled_quantity", "fill_count", "dark_quantity")
    counts = {name: np.nan_to_num(metrics[name]).astype(np.int64) for name in whole}
    has_book = arm.scenario is not None
    return (
        metrics
        | counts
        | {name: _draw_values(random, size) for name in _PARTS}
        | {
            "unfilled_quantity": random.integers(0, 300, size),
            "outcome": random.choice(STATUSES, size).astype(object),
            "unfilled_reason": random.choice(
                ["limit", "no_contra", "filled_later", ""], size
            ).astype(object)
            if has_book
            else [""] * size,
        }
    )


def _draw_values(random, size):
    """Sevenths with ties, which no sum of has an exact value; some are missing."""
    values = random.integers(0, 9, size) / 7
    return np.where(random.random(size) < 0.2, np.nan, values)


def as_read(sweeps):
    """The columns of rows that roll-ups are made of, as they are read: texts are categories."""
    return sweeps[list(COLUMNS)].astype(dict.fromkeys(CATEGORY_COLUMNS, "category"))


def write_sweeps(path, sweeps, row_group_rows=1 << 20):
    """The combined table of these rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([*KEY_COLUMNS, *result_schema(SWEEP_TABLE)])
    rows = pa.Table.from_pandas(sweeps, schema=schema, preserve_index=False)
    pq.write_table(rows, path, row_group_size=row_group_rows)
