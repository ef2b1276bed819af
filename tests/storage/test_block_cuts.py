"""A row belongs to the block in which its first byte lies, wherever a file is cut."""

from __future__ import annotations

import gzip

import pytest
from ingesting import everything, open_file, run_everything, validated_chunks
from markets import FIRST_ID, order_text, trade_text, write_files

from sweep_dask.storage.blocks import Block, cut_file, read_chunks

HEADER = b"TradeDate,Id,Name\n"
DAY = b"1728000000000000000"
ROWS = [
    DAY + b",1,plain\n",
    b"\n",  # blank lines are no rows, but they count as lines
    DAY + b',2,"Able, Baker, Co"\n',
    b"oops,3,not a number\n",
    DAY + b",4\n",  # a field too few
    b"   \n",
    DAY + b",5,Z\xc3\xbcrich\n",
    DAY + b",6,\n",
]
BODY = b"".join(ROWS)
VARIANTS = {
    "newline at the end": HEADER + BODY,
    "no newline at the end": (HEADER + BODY)[:-1],
    "carriage returns": (HEADER + BODY).replace(b"\n", b"\r\n"),
    "carriage returns, no newline at the end": (HEADER + BODY).replace(b"\n", b"\r\n")[:-2],
    "byte order mark": b"\xef\xbb\xbf" + HEADER + BODY,
    "blank lines at both ends": HEADER + b"\n\n" + BODY + b"\n\n",
}


@pytest.mark.parametrize("data", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_blocksize_gives_the_same_rows_counts_and_rejects(tmp_path, data):
    file, header = open_file(tmp_path, "participants/p.csv", data)
    whole = everything(validated_chunks(file, header, len(data)))
    rows, rejects, filtered, _, n_read = whole
    # By hand: of eight lines two are blank, two cannot be read.
    assert [row["Id"] for _, row in rows] == [1, 2, 5, 6]
    assert [row["Name"] for _, row in rows] == ["plain", "Able, Baker, Co", "Zürich", None]
    assert [reject.reason for reject in rejects] == ["not_a_number", "wrong_field_count"]
    assert (n_read, filtered) == (6, {})
    for blocksize_bytes in range(1, len(data)):
        assert everything(validated_chunks(file, header, blocksize_bytes)) == whole


@pytest.mark.parametrize("data", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_cut_puts_each_line_into_one_block(tmp_path, data):
    file, header = open_file(tmp_path, "participants/p.csv", data)
    for cut in range(header.body_offset, len(data) + 1):
        blocks = [
            Block(0, file, header, header.body_offset, cut, 1),
            Block(1, file, header, cut, len(data), 1),
        ]
        chunks = [
            chunk for block in blocks if block.start < block.end for chunk in read_chunks(block)
        ]
        assert b"".join(chunk.text for chunk in chunks) == data[header.body_offset :]
        for chunk in chunks:
            assert data[chunk.first_byte :].startswith(chunk.text)


@pytest.mark.parametrize("data", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_step_of_reading_gives_the_same_rows_counts_and_rejects(tmp_path, monkeypatch, data):
    file, header = open_file(tmp_path, "participants/p.csv", data)
    whole = everything(validated_chunks(file, header, len(data)))
    for step_bytes in (1, 2, 3, 7, 40, 100):
        monkeypatch.setattr("sweep_dask.storage.blocks.CHUNK_BYTES", step_bytes)
        for blocksize_bytes in (5, 60, len(data)):
            assert everything(validated_chunks(file, header, blocksize_bytes)) == whole


def test_chunks_of_many_short_lines_are_halved(tmp_path, monkeypatch):
    file, header = open_file(tmp_path, "participants/p.csv", HEADER + BODY)
    whole = everything(validated_chunks(file, header, len(BODY)))
    monkeypatch.setattr("sweep_dask.storage.blocks._MOST_LINES", 3)
    chunks = validated_chunks(file, header, len(BODY))
    assert [validated.n_lines for _, validated in chunks] == [3, 3, 2]
    assert everything(chunks) == whole


def test_reject_says_where_its_line_begins(tmp_path):
    data = VARIANTS["carriage returns"]
    file, header = open_file(tmp_path, "participants/p.csv", data)
    for blocksize_bytes in (1, 7, 30, len(data)):
        _, rejects, *_ = everything(validated_chunks(file, header, blocksize_bytes))
        for reject in rejects:
            assert data[reject.byte_offset :].startswith(reject.raw.encode())
            # Physical lines are counted from 1, the header being line 1.
            assert data[: reject.byte_offset].count(b"\n") + 1 == reject.line + 2


def test_orders_are_filtered_and_kept_alike_at_every_blocksize(tmp_path):
    data = order_text(
        {"sequence": 1},
        {"sequence": 2, "exchangeordertype": 0, "price": "bad"},
        {"sequence": 3, "exchangeordertype": 66, "price": ""},
        {"sequence": 4, "quantity": -5},
        {"sequence": 5, "exchangeordertype": ""},
        {"sequence": 6, "price": 3330.5},
    )
    file, header = open_file(tmp_path, "orders/o.csv", data)
    whole = everything(validated_chunks(file, header, len(data)))
    assert [row["sequence"] for _, row in whole[0]] == [1, 3, 6]
    assert [reject.line for reject in whole[1]] == [3, 4]
    assert whole[2] == {"not_centre_point": 1}
    for blocksize_bytes in range(1, len(data), 7):
        assert everything(validated_chunks(file, header, blocksize_bytes)) == whole


def test_written_rejects_do_not_depend_on_blocks(tmp_path):
    orders = order_text(*({"sequence": k, "quantity": -1 if k % 3 else 5} for k in range(12)))
    folder = write_files(tmp_path / "in", {"orders/a.csv": orders, "orders/b.csv": orders[:-1]})
    outcomes = [
        run_everything(folder, tmp_path / f"out{size}", size) for size in (10_000, 500, 41, 1_000)
    ]
    expected = outcomes[0].rejects("orders")
    # The second file repeats the first: its sound rows are duplicates, its broken ones rejects.
    assert [(row["file"], row["line"]) for row in expected] == [
        (f"orders/{name}.csv", k + 2) for name in "ab" for k in range(12) if k % 3
    ]
    assert expected[0]["raw"].startswith(f"{FIRST_ID},")
    files = [outcome.layout.rejects("orders").read_bytes() for outcome in outcomes]
    assert all(data == files[0] for data in files[1:])
    ledgers = [[file.as_json() for file in outcome.ledger.files] for outcome in outcomes]
    assert all(ledger == ledgers[0] for ledger in ledgers[1:])


def test_a_row_longer_than_any_step_of_reading(tmp_path):
    data = HEADER + DAY + b",1," + b"x" * 100_000 + b"\n" + DAY + b",2,b\n"
    file, header = open_file(tmp_path, "participants/p.csv", data)
    for blocksize_bytes in (20_000, 65_536, 99_999, len(data)):
        # Blocks that lie inside the long row are empty.
        blocks = cut_file(file, header, blocksize_bytes, 0)
        chunks = [chunk for block in blocks for chunk in read_chunks(block)]
        assert b"".join(chunk.text for chunk in chunks) == data[len(HEADER) :]


@pytest.mark.parametrize("blocksize_bytes", [1, 10, 57, 300, 10_000])
def test_gzip_in_chunks_equals_plain_text(tmp_path, blocksize_bytes):
    for k, data in enumerate(VARIANTS.values()):
        plain = validated_chunks(
            *open_file(tmp_path / f"p{k}", "participants/p.csv", data), len(data)
        )
        packed = gzip.compress(data)
        file, header = open_file(tmp_path / f"z{k}", "participants/p.csv.gz", packed)
        assert everything(validated_chunks(file, header, blocksize_bytes)) == everything(plain)


def test_a_trade_file_without_newline_keeps_its_last_row(tmp_path):
    data = trade_text({"sequence": 1}, {"sequence": 2})[:-1]
    file, header = open_file(tmp_path, "trades/t.csv", data)
    for blocksize_bytes in range(1, len(data)):
        rows = everything(validated_chunks(file, header, blocksize_bytes))[0]
        assert [row["sequence"] for _, row in rows] == [1, 2]
