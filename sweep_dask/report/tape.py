"""Whether the input says what really filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a partition has among its `gaps` if nothing in it can be compared with the tape.
_UNTAPED = {"no_trades", "no_tape"}


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
