"""Steps per second of the time-priority kernel, and how steps grow with the size of the market.

    python benchmarks/bench_kernel.py

A step is a candidate looked at, a hop over used-up contras, or a probe of a binary search. The
adversarial market has one side that is used up early, so that every later sweep finds nothing.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from measure import describe_machine

from sweep_dask.matching.time_priority import Candidates, Sweeps, match_by_time_priority

RUNS = 5


def main() -> None:
    """Measure and print."""
    print(f"machine: {describe_machine()}")
    match_by_time_priority(*_market(100, 1_000))  # compiles, or loads what was compiled
    for name, largest_sweep in (("balanced", 1_000), ("one side used up", 10_000_000)):
        for orders in (50_000, 100_000, 200_000, 400_000):
            _measure(name, *_market(orders, largest_sweep))


def _market(orders: int, largest_sweep: int) -> tuple[Candidates, Sweeps]:
    """Half the orders sweep, each until the end of the day."""
    random = np.random.default_rng(7)
    timestamp = np.sort(random.integers(0, 2**50, orders))
    side = random.integers(1, 3, orders).astype(np.int8)
    quantity = random.integers(1, 1_000, orders)
    candidates = Candidates(timestamp, side, quantity, np.ones(orders, dtype=bool))
    sweeping = np.sort(random.choice(orders, orders // 2, replace=False))
    sweeps = Sweeps(
        side[sweeping],
        timestamp[sweeping],
        np.full(sweeping.size, 2**50),
        random.integers(1, largest_sweep, sweeping.size),
    )
    return candidates, sweeps


def _measure(name: str, candidates: Candidates, sweeps: Sweeps) -> None:
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        matches = match_by_time_priority(candidates, sweeps)
        seconds.append(time.perf_counter() - began)
    spent, orders = statistics.median(seconds), candidates[0].size
    print(
        f"{name:<17} {orders:>8,} orders: {matches.steps / orders:5.1f} steps an order, "
        f"{matches.steps / spent / 1e6:6.1f} M steps/s, {orders / spent / 1e6:5.1f} M orders/s"
    )


if __name__ == "__main__":
    main()
