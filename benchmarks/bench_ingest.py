"""The ingest stage of a run, with two workers, against a polars script that does about the same.

    python benchmarks/bench_ingest.py [--runs 5] [--events 100000] [--securities 8]
                                      [--market FOLDER]

Both read the order file of one synthetic market, leave out what is not Centre Point, and bring the
rest into the order of dates and securities: ingest as spill files (and besides it validates every
row, counts for the checks of the input and takes the digest of the file), polars with two threads
as one sorted Parquet file each. Runs alternate; the first of each only fills the caches. Polars is
no dependency of the package: it is taken if it can be imported.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psutil
from measure import describe_machine, own_peak_bytes, run_json, scratch_folder

WORKERS = 2
MIB = 1024**2
#: Polars counts its threads when it is imported.
os.environ["POLARS_MAX_THREADS"] = str(WORKERS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--securities", type=int, default=8)
    parser.add_argument("--market", type=Path, help="one that `synth` has made")
    arguments = parser.parse_args()
    print(f"machine: {describe_machine()}")
    kinds = ["ingest", "polars"] if find_spec("polars") else ["ingest"]
    with scratch_folder() as folder:
        orders = _only_orders(_market(arguments, folder), folder / "input")
        results: dict[str, list[dict]] = {kind: [] for kind in kinds}
        for run in range(arguments.runs + 1):
            for kind in kinds:
                output = folder / f"{kind}-{run}"
                output.mkdir()
                results[kind].append(run_json([__file__, kind, str(folder / "input"), str(output)]))
        print(f"input: {orders.stat().st_size / 1e6:,.0f} MB of orders; {arguments.runs} runs each")
    _report({kind: runs[1:] for kind, runs in results.items()})


def _report(results: dict[str, list[dict]]) -> None:
    for kind, runs in results.items():
        spent = [f"{_median(runs, 'seconds'):.2f} s ({_median(runs, 'cpu_seconds'):.2f} s of CPU)"]
        spent.append(f"{_median(runs, 'peak_bytes') / MIB:,.0f} MiB in all processes")
        print(f"{kind:<8} {', '.join(spent)}")
    if "polars" not in results:
        print("polars cannot be imported: there is nothing to compare with")
        return
    for what in ("seconds", "cpu_seconds", "peak_bytes"):
        pairs = zip(results["ingest"], results["polars"], strict=True)
        ratios = sorted(ours[what] / theirs[what] for ours, theirs in pairs)
        middle = statistics.median(ratios)
        print(f"ingest / polars, {what}: {middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def _median(runs: list[dict], what: str) -> float:
    return statistics.median(run[what] for run in runs)


def _market(arguments: argparse.Namespace, folder: Path) -> Path:
    if arguments.market is not None:
        return arguments.market
    size = ["--securities", str(arguments.securities), "--events", str(arguments.events)]
    run_json(["-m", "sweep_dask", "synth", str(folder / "market"), *size, "--json"])
    return folder / "market"


def _only_orders(market: Path, folder: Path) -> Path:
    """An input of one order file and, as there have to be some, the first trade."""
    for table in ("orders", "trades"):
        (folder / table).mkdir(parents=True)
    orders, trades = (next((market / t).glob("*.csv")).absolute() for t in ("orders", "trades"))
    (folder / "orders" / "orders.csv").symlink_to(orders)
    with trades.open() as lines:
        (folder / "trades" / "trades.csv").write_text(lines.readline() + lines.readline())
    return orders


def _ingest(folder: str, output: str) -> dict[str, float]:
    """The stage as `run` has it, in the cluster that `run` starts."""
    from sweep_dask.dataflow.listeners import Listener
    from sweep_dask.settings import load_settings
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.command import at_work, beginning
    from sweep_dask.study.document import RunRecord
    from sweep_dask.study.run import take_input
    from sweep_dask.study.workspace import workspace

    # The trades that orders speak of are left out, which the checks of the input notice.
    asked = {"workers": WORKERS, "models": ("time-priority",), "on_contradiction": "warn"}
    settings = load_settings(asked, {}, Path(output))
    with (
        beginning(settings, folder, None, lambda _: None, Listener()) as begun,
        workspace(OutputLayout(Path(output))) as space,
    ):
        record = RunRecord(begun.plan, run=space.token, earlier=space.earlier)
        with at_work(begun, space, has_book=False) as work, _Watch() as watch:
            take_input(record, space, work)
    return watch.seen | {"seconds": record.stage_seconds["ingest"]}


class _Watch:
    """Memory and time of this process and all that it has started, looked at every 20 ms."""

    def __enter__(self) -> Self:
        tree = psutil.Process()
        self._processes = [tree, *tree.children(recursive=True)]
        self.seen = {"cpu_seconds": -self._cpu_seconds(), "peak_bytes": 0}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.seen["cpu_seconds"] += self._cpu_seconds()

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            held = sum(process.memory_info().rss for process in self._processes)
            self.seen["peak_bytes"] = max(self.seen["peak_bytes"], held)

    def _cpu_seconds(self) -> float:
        times = [process.cpu_times() for process in self._processes]
        return sum(spent.user + spent.system for spent in times)


def _polars(folder: str, output: str) -> dict[str, float]:
    import polars as pl

    from sweep_dask.market.order_codes import CENTRE_POINT_BITS

    began, cpu_began = time.perf_counter(), time.process_time()
    time_utc = pl.from_epoch("timestamp", time_unit="ns").dt.replace_time_zone("UTC")
    (
        pl.scan_csv(f"{folder}/orders/orders.csv")
        .filter((pl.col("exchangeordertype") & CENTRE_POINT_BITS) != 0)
        .with_columns(date=time_utc.dt.convert_time_zone("Australia/Sydney").dt.date())
        .sink_parquet(pl.PartitionBy(output, key=["date", "security_code"]), mkdir=True)
    )
    for path in Path(output).rglob("*.parquet"):
        pl.read_parquet(path).sort("sequence", "order_id").write_parquet(path)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu_began,
        "peak_bytes": own_peak_bytes(),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["ingest"]:
        print(json.dumps(_ingest(*sys.argv[2:])))
    elif sys.argv[1:2] == ["polars"]:
        print(json.dumps(_polars(*sys.argv[2:])))
    else:
        main()
