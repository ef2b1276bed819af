"""What a child process needs at most to plan with an input folder and ingest it.

    python reading_in_a_child.py INPUT BLOCKSIZE_BYTES

Prints a JSON object: bytes beyond what importing and a first small block took, the error if the
input is refused, and rows read, kept and rejected.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path

from markets import order_text, write_files

from sweep_dask.errors import InputError
from sweep_dask.storage.blocks import cut_file
from sweep_dask.storage.ingest import ingest_block, read_block_stats
from sweep_dask.storage.inputs import open_inputs


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def ingest(folder: str, scratch: Path, blocksize_bytes: int) -> dict[str, int]:
    """Counts over all blocks."""
    inputs = open_inputs(folder, {})
    blocks = []
    for file in inputs.readable:
        blocks += cut_file(file, inputs.headers[file.name], blocksize_bytes, len(blocks))
    scratch.mkdir()
    for block in blocks:
        ingest_block(block, str(scratch))
    block_stats = [read_block_stats(scratch, block.number) for block in blocks]
    return {
        "read": sum(stats.n_read for stats in block_stats),
        "kept": sum(stats.n_rows for stats in block_stats),
        "rejected": sum(sum(stats.rejected.values()) for stats in block_stats),
        "errors": sum(stats.error is not None for stats in block_stats),
    }


def main(folder: str, blocksize_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        small = write_files(Path(place) / "in", {"orders/a.csv": order_text({}, {"quantity": ""})})
        ingest(small, Path(place) / "small", blocksize_bytes)
        before = peak_bytes()
        try:
            found = ingest(folder, Path(place) / "scratch", blocksize_bytes)
        except InputError as error:
            found = {"refused": str(error)}
        sys.stdout.write(json.dumps(found | {"bytes": peak_bytes() - before}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
