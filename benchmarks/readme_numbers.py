"""Every number in the README, measured again: ends with 1 if one has moved.

    python benchmarks/readme_numbers.py [--only sample morning pipeline scaling memory]
                                        [--morning FOLDER] [--runs 3]

Counts, effects and the fidelity of the book have to be the same to the last digit that the README
gives. Speeds are compared as ratios of medians of one session: those of a row of a table among
themselves, as the machine is a factor that they share. Ratios and memory may differ by the share
that is printed. What cannot be measured here, for want of the real morning's files, is named, and
the end is then 2.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench_memory
import bench_pipeline
import bench_scaling
import pandas as pd
from claims import Claim
from measure import describe_machine, median_seconds, run_json, scratch_folder, timed_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Values = Mapping[str, float | str]

ROOT = Path(__file__).parents[1]
MORNING = ROOT.parent / "shared" / "data" / "drr_20240905_morning"

#: Shares by which ratios of speeds, and memory, may differ from what the README says.
SPEED_TOLERANCE, MEMORY_TOLERANCE = 0.25, 0.15

_EFFECTS = {
    "fill_ratio": (100, "more", "less"),
    "implementation_shortfall_bps": (1, "costlier", "cheaper"),
    "completed_shortfall_bps": (1, "costlier", "cheaper"),
}
_SCENARIOS = ("dual-post", "rest-dark", "dark-only")
_LIFETIME = "clock:5min"


def _row_of(scenario: str, said_first: str = "") -> str:
    """A row of the table of effects, from the name of the scenario on."""
    cells = [
        f"{{{scenario}_{metric}}}; {said_first if not number else ''}{{{scenario}_{metric}_range}}"
        for number, metric in enumerate(_EFFECTS)
    ]
    return f"(`{scenario}`) | {' | '.join(cells)} |"


CLAIMS = (
    Claim("sample", "for the {sweeps:,} sweeps that were entered in continuous trading"),
    Claim("sample", "**{decided}: {why_not}.**"),
    Claim("sample", "| as entered | {fill_ratio:.1f} | {shortfall:.2f} | {completed:.2f} |"),
    *(
        Claim("sample", _row_of(name, "" if number else "all choices: "))
        for number, name in enumerate(_SCENARIOS)
    ),
    Claim(
        "morning",
        "Of the {tape:d} dark matches of one real security's morning it predicts {predicted:d}, "
        "of which {hits:d} are exact (F1 {f1:.1f} %, all {contested_hits:d} arrivals in which "
        "priority decides right; {free_f1:.1f} % when its own fills are kept all day), and names "
        "the cause of each of the {misses:d} it misses",
    ),
    Claim(
        "morning",
        "With priority drawn by lot F1 would be {random_f1:.1f} % and {random_free_f1:.1f} %. Of "
        "the {sweeps:d} sweeps with any dark fill, {exact:d} fill exactly as on the tape; without "
        "a dark book {no_dark_book:d} would. Of {hidden:,} orders that rested in the dark, hidden "
        "a twentieth at a time, it knows in {right:.1f} % whether they fill within five minutes "
        "(by lot {random_right:.1f} %).",
    ),
    Claim("pipeline", "with two workers, {kept_millions:.1f} million Centre Point rows"),
    Claim(
        "pipeline",
        "take {all_seconds:.1f} s from the start of the process to its end with both models under "
        "all choices, {one_choice_seconds:.1f} s with one choice, {time_priority_seconds:.1f} s "
        "with `--model time-priority`",
        SPEED_TOLERANCE,
        is_relative=True,
    ),
    Claim("pipeline", "the largest process has {peak_mib:,.0f} MiB", MEMORY_TOLERANCE),
    Claim("scaling", "Two workers are {two_workers:.1f} times as fast as one", SPEED_TOLERANCE),
    Claim(
        "memory",
        "The plan projects {least:.1f} to {most:.1f} times the memory that tasks were measured",
        MEMORY_TOLERANCE,
    ),
)

#: Numbers that are not measured, as they stand in the README.
NOT_MEASURED = (
    "Python 3.11",
    "tried on 3.11, 3.12 and 3.13",
    "10 to 500 GB",
    "95 % interval",
    "On 2 cores of an AMD EPYC",
    "500 GB",
    "0 done",
    "1 done, but",
    "2 usage",
    "3 input",
    "4 cluster",
    "70 internal",
    "130 interrupted",
    "end with 1 if",
    "4 is also",
    "Apache-2.0",
)


def main() -> int:
    """Measure, print what has moved; the exit code."""
    arguments = _arguments()
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    print(f"machine: {describe_machine()}")
    print(f"speeds to {SPEED_TOLERANCE:.0%}, memory to {MEMORY_TOLERANCE:.0%}, the rest exactly")
    has_moved = is_missing = False
    for name in arguments.only:
        measured = MEASUREMENTS[name](arguments)
        if measured is None:
            is_missing = True
            print(f"{name}: NOT MEASURED, its files are not here", flush=True)
            continue
        claims = [claim for claim in CLAIMS if claim.measurement == name]
        moved = [line for claim in claims for line in claim.moved(page, measured)]
        has_moved |= bool(moved)
        print("\n  ".join([f"{name}: {'MOVED' if moved else 'the same'}", *moved]), flush=True)
    return 1 if has_moved else 2 if is_missing else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--morning", type=Path, default=MORNING, help="folder of the real morning")
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def _sample(_: argparse.Namespace) -> Values:
    with scratch_folder() as folder:
        timed_run(None, folder / "results", ("--no-parallel",))
        tables = folder / "results" / "tables" / "rollups"
        verdicts = pd.read_parquet(tables / "verdicts.parquet")
        choices = pd.read_parquet(tables / "by_choice.parquet")
        everything = pd.read_parquet(tables / "by_all.parquet")
    entered = choices.query("scenario == 'as-entered' and lifetime == @_LIFETIME").iloc[0]
    tape = everything.query("population == 'continuous' and model == 'tape'").iloc[0]
    is_open = (verdicts["verdict"] == "not decided").all()
    return {
        "sweeps": int(tape["n_sweeps"]),
        "decided": "nothing is decided" if is_open else "something is decided",
        "why_not": verdicts["turned_by"].iloc[0].split("; ")[-1],
        "fill_ratio": 100 * entered["fill_ratio_mean"],
        "shortfall": entered["implementation_shortfall_bps_mean"],
        "completed": entered["completed_shortfall_bps_mean"],
        **{
            f"{row['scenario']}_{row['metric']}{suffix}": words
            for row in verdicts.to_dict("records")
            for suffix, words in _effect_words(row).items()
        },
    }


def _effect_words(row: Mapping[str, Any]) -> dict[str, str]:
    """An effect with its interval, and its range over all choices, as the README has them."""
    scale, more, less = _EFFECTS[row["metric"]]

    def size(value: float) -> str:
        return f"{abs(scale * value):.1f}"

    def way(value: float) -> str:
        return more if value > 0 else less

    def between(low: float, high: float) -> str:
        if low * high < 0:
            return " to ".join(f"{size(end)} {way(end)}" for end in (low, high))
        return " to ".join(size(end) for end in sorted((low, high), key=abs))

    effect, smallest, largest = (row[name] for name in ("effect", "smallest", "largest"))
    all_choices = between(smallest, largest)
    if smallest * largest >= 0:
        all_choices += f" {way(effect)}"
    interval = between(row["low"], row["high"])
    return {"": f"{size(effect)} {way(effect)} ({interval})", "_range": all_choices}


def _morning(arguments: argparse.Namespace) -> Values | None:
    if not arguments.morning.is_dir():
        return None
    with scratch_folder() as folder:
        command = ("replay", str(arguments.morning), "--output", str(folder), "--no-parallel")
        found = run_json(["-m", "sweep_dask", *command, "--no-ablations", "--json"])
    resync, free, hidden = *found["total"].values(), found["hide_and_predict"]
    of_sweeps = free["dark_sweeps"]
    by_lot = hidden["random_priority"]["until"][_LIFETIME]["right_share"]
    return {
        **{name: resync[name] for name in ("tape", "predicted", "hits", "contested_hits")},
        "f1": 100 * resync["f1"],
        "free_f1": 100 * free["f1"],
        "misses": sum(len(it["misses"]) for it in found["partitions"]),
        "random_f1": 100 * resync["random_priority"]["f1"],
        "random_free_f1": 100 * free["random_priority"]["f1"],
        "sweeps": of_sweeps["sweeps"],
        "exact": of_sweeps["exact"],
        "no_dark_book": of_sweeps["no_dark_book_exact"],
        "hidden": hidden["orders"],
        "right": 100 * hidden["until"][_LIFETIME]["right_share"],
        "random_right": 100 * by_lot,
    }


def _pipeline(arguments: argparse.Namespace) -> Values:
    found = bench_pipeline.measure(arguments.runs, 200_000, securities=8, workers=2)
    return {
        "kept_millions": found.centre_point_rows / 1e6,
        "peak_mib": max(found.peak_mib(kind) for kind in found.runs),
        **{
            f"{kind.replace('-', '_')}_seconds": median_seconds(runs)
            for kind, runs in found.runs.items()
        },
    }


def _scaling(arguments: argparse.Namespace) -> Values:
    found = bench_scaling.measure(arguments.runs, 100_000, 8, workers=(1, 2))
    one, two = (median_seconds(found[bench_scaling.workers_name(count)]) for count in (1, 2))
    return {"two_workers": one / two}


def _memory(_: argparse.Namespace) -> Values:
    ratios = [task.ratio for task in bench_memory.measure() if task.kind in {"block", "both"}]
    return {"least": min(ratios), "most": max(ratios)}


MEASUREMENTS: dict[str, Callable[[argparse.Namespace], Values | None]] = {
    "sample": _sample,
    "morning": _morning,
    "pipeline": _pipeline,
    "scaling": _scaling,
    "memory": _memory,
}

if __name__ == "__main__":
    sys.exit(main())
