"""What a run does about rows that cannot be read: quarantine them, or stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from sweep_dask.errors import InputError
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import REJECTS
from sweep_dask.storage.rejects import write_rejects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sweep_dask.study.document import RunRecord
    from sweep_dask.study.workspace import Workspace

#: How many rejected rows an error message shows.
_SHOWN_ROWS = 5


def settle_rejects(record: RunRecord, space: Workspace) -> None:
    """Stage `rejects/`, and stop if there are more rejected rows than the settings allow.

    Raises
    ------
    InputError
        Too many bad rows in some table, or any with `--on-bad-rows fail`. The rows are left in
        `rejects/` unless the output folder holds earlier results, which are left as they are.
    UsageError
        A file of somebody else stands where rejected rows belong.
    """
    files = write_rejects(space.staging, space.scratch, record.receipts)
    written = {space.staging.relative(path): file_digest(path) for path in files}
    space.folder.require_free(written)
    record.files |= written
    require_few_rejects(record, space, files)


def require_few_rejects(record: RunRecord, space: Workspace, files: Sequence[Path]) -> None:
    """Stop if there are more rejected rows than the settings allow.

    Parameters
    ----------
    files
        Where they are listed, a file a table.

    Raises
    ------
    InputError
        As of `settle_rejects`.
    """
    written_to = None if space.earlier.partitions else space.layout.root / REJECTS
    error = _too_many(record, files, written_to)
    if error is not None:
        raise error


def _too_many(
    record: RunRecord, files: Sequence[Path], written_to: Path | None
) -> InputError | None:
    assert record.ledger is not None
    settings = record.plan.settings
    for path in files:
        total = record.ledger.total(path.stem)
        rejected = total.rejected.total()
        fraction = rejected / max(1, total.read)
        if settings.on_bad_rows == "fail" or fraction > settings.max_bad_fraction:
            reasons = ", ".join(f"{reason} {n:,}" for reason, n in total.rejected.most_common())
            return InputError(
                f"{rejected:,} of {total.read:,} {path.stem} rows cannot be read "
                f"({reasons}).\n{_examples(path)}",
                where=f"{path.stem}/, allowed: "
                + (
                    "none (--on-bad-rows fail)"
                    if settings.on_bad_rows == "fail"
                    else f"{100 * settings.max_bad_fraction:g} % (--max-bad-fraction)"
                ),
                cure=f"Look at {written_to / path.name}, mend the files, or allow more."
                if written_to is not None
                else "Mend the files, or allow more; a run into a new output folder lists all of "
                "them (this one holds results that are left as they are).",
            )
    return None


def _examples(path: Path) -> str:
    with pq.ParquetFile(path) as file:
        rows = next(file.iter_batches(_SHOWN_ROWS)).to_pylist()
    return "\n".join(
        f"  {row['file']}, line {row['line']}: {row['reason']}"
        + (f" in {row['column']}" if row["column"] else "")
        + f": {row['raw'][:80]}"
        for row in rows
    )
