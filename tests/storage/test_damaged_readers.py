"""Input damaged at random ends in words or as rejected rows; sound rows stay.

`SWEEP_FUZZ_INPUTS=20000` runs more of them; `mutations.py` runs as many as it is told.
"""

from __future__ import annotations

import gzip
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damaged_inputs import run
from markets import ORDER, order_text, trade_text, write_files

from sweep_dask.errors import InputError
from sweep_dask.settings import load_settings
from sweep_dask.study.plan import make_plan

N_INPUTS = int(os.environ.get("SWEEP_FUZZ_INPUTS", "160"))
N_TESTS = 4


@pytest.mark.parametrize("part", range(N_TESTS))
def test_damage_ends_in_words_or_as_rejected_rows(tmp_path, part):
    found = {run(seed, tmp_path) for seed in range(part, N_INPUTS, N_TESTS)}
    assert {outcome.partition(": ")[2] for outcome in found} >= {"refused (3)", "rows rejected"}


def plan_of(folder, tmp_path):
    return make_plan(load_settings({"enable_parallel": False}, {}, tmp_path), folder)


def test_all_files_damaged_in_their_sample_are_named(tmp_path):
    rows = order_text(*({"sequence": k, "order_id": 10**18 + k * 7919**3} for k in range(3_000)))
    packed = gzip.compress(rows, mtime=0)
    # Behind what is read to see whether there are rows, within the sample of a plan.
    place = len(gzip.compress(rows[:110_000]))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: [value] * 500 for name, value in ORDER.items()}), sink)
    parquet = bytearray(sink.getvalue())
    parquet[4:40] = bytes(36)  # the first page's header
    files = {
        "orders/b.csv.gz": packed[:place],
        "orders/c.parquet": bytes(parquet),
        "orders/d.csv": rows,
    }
    with pytest.raises(InputError) as told:
        plan_of(write_files(tmp_path / "in", files), tmp_path)
    assert told.value.exit_code == 3
    assert "2 input files cannot be used" in str(told.value)
    for name in ("orders/b.csv.gz", "orders/c.parquet"):
        assert f"{name} cannot be read." in str(told.value)


def test_rows_of_a_parquet_file_are_known_not_estimated(tmp_path):
    rows = 300_000
    columns = {name: pa.repeat(pa.scalar(value), rows) for name, value in ORDER.items()}
    columns["sequence"] = pa.array(range(rows))
    path = tmp_path / "in/orders/a.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=70_000)
    assert path.stat().st_size < 3_000_000
    folder = write_files(
        tmp_path / "in", {"orders/b.csv": order_text({}), "trades/t.csv": trade_text({})}
    )
    sample = plan_of(folder, tmp_path).sample
    assert sample.rows == pytest.approx(rows, abs=10)
    assert sample.kept_rows == pytest.approx(rows, abs=10)
