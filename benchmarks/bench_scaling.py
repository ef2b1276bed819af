"""Sequential against parallel, numbers of workers, and chunk sizes: one table and one chart.

    python benchmarks/bench_scaling.py [--runs 3] [--events 100000] [--securities 8]
                                       [--workers 1 2 4] [--chunks 10000 50000 100000 500000]
                                       [--model time-priority] [--write docs]

All settings take turns on the same market, and ratios are those of medians. *Sequential* is
`--no-parallel`: one process, no cluster. Chunks are read by two workers. With `--write` the chart
goes to `scaling.svg` in that folder, and the table to its place in `scaling.md`.
"""

from __future__ import annotations

import argparse
import re
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Run, describe_machine, make_market, median_seconds, scratch_folder, side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

SEQUENTIAL = "sequential"
CHUNK_WORKERS = 2

#: Of the table, in the page.
PLACE = re.compile(r"(<!-- bench_scaling.py -->\n).*?(<!-- end -->)", re.DOTALL)
_CHART = "![Speed by workers; ingest and memory by chunk size](scaling.svg)"
_COLOUR, _SECOND_COLOUR = "#2F4B7C", "#C0392B"


def main() -> None:
    """Measure, print and, if asked, write."""
    arguments = _arguments()
    size = (arguments.runs, arguments.events, arguments.securities)
    runs = measure(*size, arguments.workers, arguments.chunks, arguments.model)
    told = described(runs, arguments)
    print(f"machine: {describe_machine()}\n\n{told}")
    if arguments.write is not None:
        page = arguments.write / "scaling.md"
        text, found = PLACE.subn(
            lambda place: f"{place[1]}{told}\n\n{_CHART}\n{place[2]}",
            page.read_text(encoding="utf-8"),
        )
        assert found == 1, f"{page} has no place for the table"
        page.write_text(text, encoding="utf-8")
        draw(runs, arguments.write / "scaling.svg")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--securities", type=int, default=8)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--chunks", type=int, nargs="*", default=[10_000, 50_000, 100_000, 500_000])
    parser.add_argument("--model", action="append", default=[], help="all, if none is named")
    parser.add_argument("--write", type=Path, help="folder of the page and the chart")
    return parser.parse_args()


def measure(
    rounds: int,
    events: int,
    securities: int,
    workers: Sequence[int],
    chunks: Sequence[int] = (),
    models: Sequence[str] = (),
) -> dict[str, list[Run]]:
    """Runs by the name of their setting, on a market that is made for them."""
    asked = [part for model in models for part in ("--model", model)]
    settings = {SEQUENTIAL: ("--no-parallel", *asked)}
    for count in workers:
        settings[workers_name(count)] = ("--workers", str(count), *asked)
    for rows in chunks:
        options = ("--workers", str(CHUNK_WORKERS), "--chunk-size", str(rows))
        settings[_chunk_name(rows)] = (*options, *asked)
    with scratch_folder() as folder:
        make_market(folder / "market", events, securities)
        return side_by_side(folder / "market", settings, rounds)


def workers_name(count: int) -> str:
    """Of a setting."""
    return "1 worker" if count == 1 else f"{count} workers"


def _chunk_name(rows: int) -> str:
    return f"chunks of {rows:,} rows"


def described(runs: Mapping[str, Sequence[Run]], arguments: argparse.Namespace) -> str:
    """The table, and what it was measured on."""
    base = median_seconds(runs[SEQUENTIAL])
    rows = [
        f"| {name} | {base / median_seconds(of_name):.2f} | {_spread(runs, name)} "
        f"| {median_seconds(of_name):.1f} s | {_median_stage(of_name, 'ingest'):.1f} s "
        f"| {_peak_mib(of_name):,.0f} MiB |"
        for name, of_name in runs.items()
    ]
    models = " and ".join(arguments.model) or "both models"
    measured = (
        f"{describe_machine()}; {runs[SEQUENTIAL][0].centre_point_rows:,} Centre Point rows, "
        f"{arguments.securities} securities, {models}; medians of {arguments.runs} runs of each "
        f"setting in turn; chunks with {workers_name(CHUNK_WORKERS)}."
    )
    heads = "Setting | Speed, sequential = 1 | In single rounds | End to end | Ingest"
    return "\n".join(
        [measured, "", f"| {heads} | Largest process |", "|---|---:|---:|---:|---:|---:|", *rows]
    )


def _spread(runs: Mapping[str, Sequence[Run]], name: str) -> str:
    pairs = zip(runs[SEQUENTIAL], runs[name], strict=True)
    ratios = sorted(base.seconds / run.seconds for base, run in pairs)
    return f"{ratios[0]:.2f} to {ratios[-1]:.2f}"


def _median_stage(runs: Sequence[Run], stage: str) -> float:
    return statistics.median(run.stage_seconds(stage) for run in runs)


def _peak_mib(runs: Sequence[Run]) -> float:
    return max(run.peak_bytes for run in runs) / 1024**2


def draw(runs: Mapping[str, Sequence[Run]], target: Path) -> None:
    """Two charts in one SVG file, the same bytes for the same numbers."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "sweep_dask"
    from matplotlib import pyplot as plt

    of_chunks = {name: it for name, it in runs.items() if name.startswith("chunks")}
    others = {name: it for name, it in runs.items() if name not in of_chunks}
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    _draw_speeds(left, others)
    _draw_chunks(right, of_chunks)
    figure.savefig(target, metadata={"Date": None})
    plt.close(figure)


def _draw_speeds(axes: Axes, runs: Mapping[str, Sequence[Run]]) -> None:
    base = median_seconds(runs[SEQUENTIAL])
    bars = axes.bar(
        list(runs), [base / median_seconds(it) for it in runs.values()], color=_COLOUR, width=0.6
    )
    axes.bar_label(bars, fmt="%.2f", padding=2)
    axes.margins(y=0.12)
    axes.axhline(1, color="#9aa4ae", linewidth=1)
    axes.set_ylabel("speed, sequential = 1")
    axes.set_title("Sequential against parallel")


def _draw_chunks(axes: Axes, runs: Mapping[str, Sequence[Run]]) -> None:
    names = [name.removeprefix("chunks of ").removesuffix(" rows") for name in runs]
    seconds = [_median_stage(it, "ingest") for it in runs.values()]
    axes.plot(names, seconds, color=_COLOUR, marker="o")
    axes.set_ylabel("ingest, seconds", color=_COLOUR)
    axes.set_xlabel("rows of a chunk")
    axes.set_ylim(bottom=0)
    axes.set_title("Chunk sizes")
    memory = axes.twinx()
    peaks = [_peak_mib(it) for it in runs.values()]
    memory.plot(names, peaks, color=_SECOND_COLOUR, marker="s", linestyle="dashed")
    memory.set_ylabel("largest process, MiB (dashed)", color=_SECOND_COLOUR)
    memory.set_ylim(bottom=0)


if __name__ == "__main__":
    main()
