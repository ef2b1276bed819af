"""A small model of an output folder: its input, what fresh runs make of it, who owns what."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from markets import OPENING_NS, plain_market
from running import result_files, run_here

FIRST, LAST = DATES = tuple(OPENING_NS)

#: Settings that select models and scenarios.
SELECTIONS = {
    "time priority": {"models": "time-priority"},
    "a scenario": {"models": "centre-point", "scenarios": "dark-only"},
}

#: Files of the user: beside results, and where results are.
BESIDE = ("notes.txt", ".draft.tmp")
BETWEEN = (
    "tables/my_prices.parquet",
    f"outputs/{FIRST}/101/notes.md",
    f"processed/{LAST}/mine.csv",
    "processed/2023-01-01/research.csv",
    "rejects/old.csv",
)


class Input(NamedTuple):
    """What an input folder holds; equal ones have equal files."""

    dates: tuple[str, ...] = (FIRST,)
    changed: frozenset[str] = frozenset()
    """Dates of which a row has another value."""
    sessions: bool = True
    broken: bool = False
    """Whether a row cannot be read."""

    def write(self, folder):
        """Put the files in place of those that are there."""
        market = plain_market(securities=(101,), dates=self.dates, sweeps=2)
        for date in self.dates:
            opening_ns = OPENING_NS[date]
            if date in self.changed:
                rows = [r for r in market.rows["orders"] if _is_first_contra(r, opening_ns)]
                rows[0]["quantity"] = rows[0]["leavesquantity"] = 50
            if self.sessions:
                market.add("session", TradeDate=opening_ns, Name="OPEN", OrderBookId=101,
                           Timestamp=opening_ns - 10**9)  # fmt: skip
        if self.broken:
            market.order("no number", OPENING_NS[FIRST], 101, 1, 10)
        for path in folder.rglob("*.csv"):
            path.unlink()
        return market.write(folder)


def _is_first_contra(row, opening_ns):
    return row["timestamp"] == opening_ns + 10**9


@cache
def fresh_results(source: Input, dates: tuple[str, ...], selection: str):
    """Path to digest of what a run of some dates leaves in an empty folder."""
    with TemporaryDirectory() as folder:
        source.write(Path(folder) / "input")
        output = Path(folder) / "output"
        done = run_here(
            Path(folder) / "input",
            output,
            enable_parallel=False,
            dates=",".join(dates),
            max_bad_fraction=1,
            **SELECTIONS[selection],
        )
        assert done.exit_code == 0
        return result_files(output)


def of_dates(files, dates):
    """Those of the files that are of partitions and tables of some dates."""
    return {n: d for n, d in files.items() if n.count("/") > 1 and n.split("/")[1] in dates}


def of_all(files):
    """Those that are of all partitions together, but rejected rows."""
    return {
        name: digest
        for name, digest in files.items()
        if name.startswith(("tables/", "fidelity.json"))
    }


def rejects(files):
    """Rejected rows of the last run."""
    return {n: d for n, d in files.items() if n.startswith("rejects/") and n.count("/") == 1}
