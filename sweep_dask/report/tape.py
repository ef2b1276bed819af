"""Whether the input says what really filled, and what is left to show where it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.metrics.lines import REAL
from sweep_dask.report.rollups import line_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep_dask.report.rollups import Rollups, Row

#: What a partition has among its `gaps` if nothing in it can be compared with the tape.
_UNTAPED = {"no_trades", "no_tape"}
#: What sweeps are told apart by that only the tape knows.
_BY_TAPE = ("outcome",)
_POPULATION_BY_TAPE = "residual"


def has_tape(manifest: Mapping[str, Any]) -> bool:
    """Whether what really filled is known of any partition.

    Without it a fill of 0 on the tape is no fact: nobody recorded what was traded.
    """
    ledger = manifest["ledger"]
    kept = sum(entry["kept"] for entry in ledger if entry["table"] == "trades")
    n_untaped, n_finished = untaped_partitions(manifest)
    return bool(kept) and (n_untaped < n_finished or not n_finished)


def untaped_partitions(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Partitions without a tape, and all that finished."""
    finished = [entry for entry in manifest["partitions"] if entry["state"] != "failed"]
    # Interrupted runs and older versions say nothing of gaps.
    untaped = [entry for entry in finished if _UNTAPED & set(entry.get("gaps", ()))]
    return len(untaped), len(finished)


def without_tape(found: Rollups) -> Rollups:
    """Only what compares one Centre Point simulation with another.

    Time priority goes too: its fills are the real ones and what it matches of the rest.
    """
    untaped = {name: rows for name, rows in found.segments.items() if name not in _BY_TAPE}
    totals = [row for row in found.by_all if row["population"] != _POPULATION_BY_TAPE]
    return replace(
        found,
        by_all=_of_scenarios(totals),
        segments={name: _of_scenarios(rows) for name, rows in untaped.items()},
        comparisons=_against_scenarios(found.comparisons),
        averages=_against_scenarios(found.averages),
        distributions=_of_scenarios(found.distributions),
        example=None,
    )


def _of_scenarios(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if line_of(row).scenario]


def _against_scenarios(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["reference"] != REAL.name]
