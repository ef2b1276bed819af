"""From the metrics of every sweep to the report: summaries, roll-ups, the page; no matching.

    python benchmarks/bench_answers.py [--sweeps 200000] [--days 8] [--securities 50] [--workers 2]
                                       [--manifest OUTPUT/manifest.json]

Draws sweeps in six lines, a file for each day and security as a run leaves them, and measures a
quarter of the days, half of them and all: seconds of each step, the share of them that a day costs
which is added to the others, and the most memory that any process had. Summaries are what the tasks
of partitions make of their sweeps beyond writing them. Twice the sweeps should take twice the time.
`--sweeps 5000000 --days 20 --securities 250` is a large market for a month; it needs 5 GB of disk.
The page is measured if the manifest of any run is named, as it also tells of the run.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from distributed import Client, LocalCluster
from drawn_sweeps import write_partitions
from measure import describe_machine, own_peak_bytes, run_json, scratch_folder

from sweep_dask.dataflow.cluster import Workers
from sweep_dask.partition.piece import summary_of_files
from sweep_dask.partition.tables import TablesSpec
from sweep_dask.report.page import report_page
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.summaries import write_summary
from sweep_dask.study.rollups import Day, Source, summarise_days, write_rollups
from sweep_dask.terms.arms import ARMS, CENTRE_POINT, SCENARIOS, TIME_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Every line; sums under other choices are not drawn.
_SPEC = TablesSpec((TIME_PRIORITY, CENTRE_POINT), tuple(SCENARIOS), ())
#: Of a hundred thousand order rows.
_PIECE_SWEEPS = 6_000


def main() -> None:
    """Measure and print; with `--measure` one size, in a process of its own."""
    arguments = _arguments()
    if arguments.measure is not None:
        print(json.dumps(_measure(OutputLayout(arguments.measure), arguments)))
        return
    print(f"machine: {describe_machine()}")
    with scratch_folder() as folder:
        began = time.perf_counter()
        size = (arguments.sweeps, arguments.days, arguments.securities, arguments.workers)
        write_partitions(OutputLayout(folder), *size)
        print(f"drawing {arguments.sweeps:,} sweeps: {time.perf_counter() - began:.0f} s")
        for share in (4, 2, 1):
            _report(folder, max(arguments.days // share, 1), arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sweeps", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--securities", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--manifest", type=Path, help="of a run; its page is measured too")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _report(folder: Path, days: int, arguments: argparse.Namespace) -> None:
    options = ["--measure", str(folder), "--days", str(days), "--workers", str(arguments.workers)]
    if arguments.manifest is not None:
        options += ["--manifest", str(arguments.manifest.resolve())]
    found = run_json([__file__, *options])
    steps = ", ".join(f"{name} {spent:.1f} s" for name, spent in found["seconds"].items())
    seconds = sum(found["seconds"].values())
    print(
        f"{found['sweeps']:>10,} sweeps, {days} days: {steps}; {seconds:.1f} s, "
        f"{1e6 * seconds / found['sweeps']:.1f} s for each million; "
        f"a day added {found['added_share']:.1f} x its share; "
        f"largest process {found['peak_bytes'] / 1024**2:,.0f} MiB"
    )


def _measure(layout: OutputLayout, arguments: argparse.Namespace) -> dict[str, object]:
    """Seconds of each step and the peak of the largest process."""
    folders = sorted((layout.root / "outputs").iterdir())[: arguments.days]
    seconds: dict[str, float] = {}

    def timed(name: str, step: Callable[..., Any], *given: object) -> Any:
        began = time.perf_counter()
        result = step(*given)
        seconds[name] = time.perf_counter() - began
        return result

    def answer(client: Client, added: list[Path], prefix: str = "") -> dict[str, str]:
        named = [
            (day.name, number, files)
            for day in added
            for number, files in enumerate(_pieces(sorted(day.glob("*/*.parquet"))))
        ]
        targets = [layout.root / f"{day}-{number}.parquet" for day, number, _ in named]
        given = [(str(t), files) for t, (_, _, files) in zip(targets, named, strict=True)]
        timed(f"{prefix}summaries", _on, client, _summarise, given)
        days = [
            Day(day.name, tuple(_source(t) for t in targets if t.name.startswith(day.name)))
            for day in added
        ]
        workers = Workers(client, 0)
        timed(f"{prefix}days", summarise_days, workers, layout, days, _SPEC)
        summaries = [layout.day_summary(day.name) for day in folders]
        return timed(f"{prefix}roll-ups", write_rollups, workers, layout, summaries, _SPEC)

    with _cluster(arguments.workers) as cluster, Client(cluster) as client:
        files = answer(client, folders)
        if arguments.manifest is not None:
            manifest = json.loads(arguments.manifest.read_text(encoding="utf-8"))
            timed("page", report_page, layout, manifest | {"files": files})
        spent = sum(seconds.values())
        answer(client, folders[-1:], "added ")
        peaks = [*client.run(own_peak_bytes).values(), own_peak_bytes()]
    added = sum(seconds.pop(name) for name in list(seconds) if name.startswith("added "))
    paths = (path for day in folders for path in day.glob("*/*.parquet"))
    sweeps = sum(pq.read_metadata(path).num_rows for path in paths) // len(ARMS)
    told = {"sweeps": sweeps, "seconds": seconds, "peak_bytes": max(peaks)}
    return told | {"added_share": added * len(folders) / spent}


def _cluster(workers: int) -> LocalCluster:
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,
    )


def _pieces(paths: list[Path]) -> Iterator[list[str]]:
    """Files of neighbouring partitions, about as many sweeps as share a task in a run."""
    files: list[str] = []
    rows = 0
    for path in paths:
        files.append(str(path))
        rows += pq.read_metadata(path).num_rows
        if rows >= _PIECE_SWEEPS * len(ARMS):
            yield files
            files, rows = [], 0
    if files:
        yield files


def _on(client: Client, work: Callable[..., None], given: list[tuple[str, list[str]]]) -> None:
    client.gather([client.submit(work, *arguments, pure=False) for arguments in given])


def _source(summary: Path) -> Source:
    """A piece of which the summary alone is asked for."""
    return Source("", summary=str(summary))


def _summarise(target: str, paths: list[str]) -> None:
    write_summary(Path(target), summary_of_files(paths, [], _SPEC))


if __name__ == "__main__":
    main()
