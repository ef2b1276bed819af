"""Small inputs, damaged at random: what plan and ingest may make of them."""

from __future__ import annotations

import gzip
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from damage import mutated
from ingesting import is_balanced
from markets import FIRST_ID, OPENS_NS, ORDER, csv_text, trade_text

from sweep_dask.errors import SweepError
from sweep_dask.settings import load_settings
from sweep_dask.storage.ingest import ingest_block, read_block_stats, write_rejects
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.ledger import Ledger
from sweep_dask.storage.spill import SpilledRows, index_of
from sweep_dask.study.plan import make_plan

ROWS = [
    ORDER | {"order_id": FIRST_ID + k, "sequence": k + 1, "timestamp": OPENS_NS + k}
    | {"midtick": k % 3 or None, "timevaliditydecoded": f'Good "till" {k}, or so'}
    for k in range(12)
]  # fmt: skip
COLUMNS = list(ROWS[0])
FORMATS = ("csv", "csv.gz", "csv.zst", "parquet")
_QUOTED = [
    row | {"timevaliditydecoded": f'"Good ""till"" {k}, or so"'} for k, row in enumerate(ROWS)
]
TEXT = csv_text(_QUOTED, COLUMNS)


def sound_file(chance: random.Random, file_format: str) -> bytes:
    if file_format == "csv":
        return TEXT
    if file_format == "csv.gz":
        return gzip.compress(TEXT, mtime=0)
    if file_format == "csv.zst":
        return pa.Codec("zstd").compress(TEXT, asbytes=True)
    table = pa.table({name: [row[name] for row in ROWS] for name in COLUMNS})
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression=chance.choice(["none", "snappy", "zstd"]),
        row_group_size=chance.choice([4, 12]),
        use_dictionary=chance.random() < 0.5,
    )
    return sink.getvalue().to_pybytes()


def outcome_of(folder: Path, file_format: str, data: bytes, blocksize_bytes: int) -> str:
    """What plan and ingest make of an input with this order file beside a sound one.

    Raises
    ------
    AssertionError
        The ledger does not balance, or a sound row is lost.
    Exception
        Anything but a `SweepError` is a defect.
    """
    source = folder / "in"
    for name, content in {
        f"orders/a.{file_format}": data,
        "orders/b.csv": csv_text([ORDER | {"sequence": 99}]),
        "trades/t.csv": trade_text({}),
    }.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    given = {"enable_parallel": False, "blocksize": blocksize_bytes, "output": str(folder / "out")}
    settings = load_settings(given, {}, folder)
    try:
        plan = make_plan(settings, str(source))
    except SweepError as error:
        return f"refused ({error.exit_code})"
    return _ingested(plan, folder, data if file_format == "csv" else None)


def _ingested(plan, folder: Path, text: bytes | None) -> str:
    scratch = folder / "scratch"
    scratch.mkdir()
    indexes = [ingest_block(block, str(scratch)) for block in plan.blocks]
    block_stats = [read_block_stats(scratch, block.number) for block in plan.blocks]
    ledger = Ledger(plan.inputs.files, block_stats)
    assert all(is_balanced(entry) for entry in ledger.files)
    if any(stats.error for stats in block_stats):
        return "unreadable"
    rows = [
        row
        for index, block in zip(indexes, plan.blocks, strict=True)
        if block.file.name.startswith("orders/a.")
        for rows_of_partition in SpilledRows(scratch, index_of([index])).tables()
        for row in rows_of_partition.to_pylist()
    ]
    entry = ledger.files[0]
    assert len(rows) == entry.kept
    if text is not None:
        _require_untouched_rows(text, rows)
    rejected = write_rejects(OutputLayout(folder), scratch, block_stats)
    listed = sum(pq.read_metadata(path).num_rows for path in rejected)
    assert listed == ledger.total().rejected.total()
    return "rows rejected" if entry.rejected else "all rows read"


def _require_untouched_rows(text: bytes, rows) -> None:
    """Every line that nothing has touched is a row, below a header that nothing has touched."""
    header, *lines = TEXT.splitlines()
    damaged = text.split(b"\n")
    if damaged[0] != header:
        return
    kept = {(row["order_id"], row["sequence"]): row for row in rows}
    untouched = set(damaged[1:])
    for line, row in zip(lines, ROWS, strict=True):
        if line in untouched:
            assert kept[row["order_id"], row["sequence"]].items() >= row.items(), line


def run(seed: int, folder: Path) -> str:
    """One damaged input; the seed gives the same one again."""
    chance = random.Random(seed)
    file_format = chance.choice(FORMATS)
    data = mutated(chance, sound_file(chance, file_format))
    place = folder / "one"
    place.mkdir(parents=True)
    try:
        return f"{file_format}: {outcome_of(place, file_format, data, chance.choice(BLOCKSIZES))}"
    finally:
        shutil.rmtree(place)


BLOCKSIZES = (1 << 16, 1 << 20)
