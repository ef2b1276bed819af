"""The market generator: rows per second of processor time, and the same memory at any size.

    python benchmarks/bench_synth.py [--events 74000 738000]

Events are Centre Point rows per security and date; three securities on two dates and the lit rows
make about 750,000 and 7.5 million order rows, one and ten million rows of all tables. A small
market goes first, with nothing compiled yet: what that costs, once for each installation.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from measure import describe_machine, own_peak_bytes, run_json, scratch_folder

_SMALL = 100


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, nargs="+", default=[74_000, 738_000])
    print(f"machine: {describe_machine()}")
    with scratch_folder() as folder:
        os.environ["NUMBA_CACHE_DIR"] = str(folder / "compiled")
        print(f"compiled in {_measured(_SMALL)['seconds']:.1f} s of processor time")
        markets = [_measured(events) for events in parser.parse_args().events]
    for made in markets:
        print(
            f"{made['rows']:>12,} rows in {made['seconds']:6.2f} s of processor time: "
            f"{made['rows'] / made['seconds']:9,.0f} rows/s, "
            f"peak memory {made['peak_bytes'] / 1024**2:,.0f} MiB"
        )
    peaks = [made["peak_bytes"] for made in markets]
    print(f"ratio of peaks, largest to smallest market: {peaks[-1] / peaks[0]:.2f}")


def _measured(events: int) -> dict[str, int | float]:
    with scratch_folder() as folder:
        return run_json([__file__, "child", str(folder / "market"), str(events)])


def _child(folder: str, events: str) -> None:
    from sweep_dask.sample import MarketParameters
    from sweep_dask.sample.synthetic_market import write_market

    began = time.process_time()
    rows = write_market(Path(folder), MarketParameters(events=int(events)))
    seconds = time.process_time() - began
    print(
        json.dumps({"rows": sum(rows.values()), "seconds": seconds, "peak_bytes": own_peak_bytes()})
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        _child(*sys.argv[2:])
    else:
        main()
