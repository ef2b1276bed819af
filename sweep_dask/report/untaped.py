"""Whether the input says what really filled, and at what quote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.terms.reasons import NO_QUOTES, NO_TAPE, NO_TRADES

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a partition has among its `gaps` if nothing in it can be compared with the tape.
_UNTAPED = {NO_TRADES, NO_TAPE}


def has_tape(manifest: Mapping[str, Any]) -> bool:
    """Whether what really filled is known of any partition.

    Without it a fill of 0 on the tape is no fact: nobody recorded what was traded.
    """
    n_untaped, n_finished = untaped_partitions(manifest)
    return kept_rows(manifest, "trades") > 0 and (n_untaped < n_finished or not n_finished)


def is_unquoted(manifest: Mapping[str, Any]) -> bool:
    """Whether none of the partitions that tables tell of has a quote."""
    covered = [entry for entry in manifest["partitions"] if entry.get("covered", True)]
    return bool(covered) and all(NO_QUOTES in entry.get("gaps", ()) for entry in covered)


def kept_rows(manifest: Mapping[str, Any], table: str) -> int:
    """Rows of a table that the runs kept of which the folder holds results."""
    runs = (manifest, *manifest.get("earlier_runs", ()))
    return sum(e["kept"] for run in runs for e in run["ledger"] if e["table"] == table)


def untaped_partitions(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Partitions without a tape, and all that finished."""
    finished = [
        entry
        for entry in manifest["partitions"]
        if entry["state"] != "failed" and entry.get("covered", True)
    ]
    # Interrupted runs and older versions say nothing of gaps.
    untaped = [entry for entry in finished if _UNTAPED & set(entry.get("gaps", ()))]
    return len(untaped), len(finished)
