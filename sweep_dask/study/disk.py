"""The disk space a run takes, projected; and the refusal where it is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.errors import ResourceError
from sweep_dask.storage.layout import RESULT_FOLDERS
from sweep_dask.system_config import format_bytes, free_disk_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

#: Bytes of the scratch folder for each byte of the text of rows that are kept. Spilled rows take
#: 1.45 to 1.5 (the built-in sample, markets of `synth` of one and of eight securities), and
#: partitions that are merged the same again at most: all of them, if one holds all rows.
SCRATCH_FACTOR = 3.0

#: Bytes of results for the same: 1.6 for both models (`synth`), with a quarter on top. One model
#: takes less.
RESULTS_FACTOR = 2.0

#: What results take however small the input: report, logs, and tables of few rows. The built-in
#: sample has 2.5 MB of them.
RESULTS_BASE_BYTES = 8 * 1024**2


class DiskSpace(NamedTuple):
    """Bytes that a run takes on the disk of its output folder, where its scratch folder lies."""

    scratch_bytes: int
    """While it runs."""
    results_bytes: int

    @property
    def total_bytes(self) -> int:
        """At most, at one time."""
        return self.scratch_bytes + self.results_bytes


def projected_disk_space(kept_text_bytes: int, *, is_part: bool = False) -> DiskSpace:
    """What a run takes that keeps so much text of its input.

    Parameters
    ----------
    is_part
        Whether dates or securities are selected. All rows are spilled even so; how much results
        take of them is not known before.
    """
    results_bytes = 0 if is_part else int(RESULTS_FACTOR * kept_text_bytes)
    return DiskSpace(int(SCRATCH_FACTOR * kept_text_bytes), RESULTS_BASE_BYTES + results_bytes)


def require_room(layout: OutputLayout, needed: DiskSpace) -> None:
    """Refuse a run whose output folder lies on a disk with too little room.

    Results that are there already count as room: what is made again takes their place.

    Raises
    ------
    ResourceError
        Says how much there is and how much it takes.
    """
    free_bytes = free_disk_bytes(layout.root)
    if free_bytes >= needed.total_bytes:
        return
    free_bytes += min(needed.results_bytes, sum(_result_sizes(layout.root)))
    if free_bytes < needed.total_bytes:
        raise ResourceError(
            f"The run takes about {format_bytes(needed.total_bytes)} of disk "
            f"({format_bytes(needed.scratch_bytes)} of it while it runs); "
            f"there are {format_bytes(free_bytes)}.",
            where=str(layout.root),
            cure="Make room, name a folder on another disk with --output, or run on fewer of the "
            "input files at a time: results in the folder stay.",
        )


def _result_sizes(root: Path) -> Iterator[int]:
    for name in RESULT_FOLDERS:
        yield from (path.lstat().st_size for path in (root / name).rglob("*"))
