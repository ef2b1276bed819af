"""`convert`: the same rows in the raw format, every one of them, and what was done is said."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faults.small_disk import small_disk
from hypothesis import given, settings
from hypothesis import strategies as st
from ingesting import everything, validated_chunks
from markets import FIRST_ID, ORDER, csv_text, order_text, quote_text, trade_text, write_files
from rewritten import divided, iso_times, rewrite
from running import invoke

from sweep_dask.sample import sample_market_path
from sweep_dask.storage.inputs import open_inputs
from sweep_dask.storage.new_folder import held

ROWS = [{"sequence": k, "order_id": FIRST_ID + k} for k in range(3)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def converted(*arguments, **config):
    Path("config.yaml").write_text(json.dumps(config))
    done = invoke("convert", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def conversions(document, file):
    return next(one["conversions"] for one in document["files"] if one["file"] == file)


def results(name, output, **config):
    Path("config.yaml").write_text(json.dumps(config))
    done = invoke("run", name, "-o", output, "--no-parallel", "--no-progress")
    assert done.exit_code == 0, done.stderr
    return {
        path.relative_to(output): path.read_bytes()
        for folder in ("processed", "outputs")
        for path in Path(output, folder).rglob("*")
        if path.is_file()
    }


def test_what_is_said_fits_the_line(here):
    names = {column: f"the-name-of-{column}-elsewhere" for column in ORDER}
    order = order_text(*ROWS).decode()
    for column, name in names.items():
        order = order.replace(column, name, 1)
    write_files(here / "in", {"orders/o.csv": order.encode(), "trades/t.csv": trade_text({})})
    Path("config.yaml").write_text(json.dumps({"columns": {"orders": names}}))
    done = invoke("convert", "in", "raw")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].endswith("Next: python -m sweep_dask check raw")


def test_what_a_run_reads_by_configuration_is_what_it_reads_of_the_converted(here):
    def cell(column, text):
        return divided(3)(column, iso_times(column, text))

    rewrite(sample_market_path(), here / "in", cell=cell, delimiter=";")
    tables = ("orders", "trades", "nbbo", "session", "reference", "participants")
    config = {
        "delimiter": ";",
        "units": {table: {"time": "iso", "price": "dollar"} for table in tables},
    }
    document = converted("in", "raw", **config)
    told = conversions(document, "orders/orders.csv")
    assert "delimiter: ';' to a comma" in told
    assert any(line.startswith("timestamp: iso to ns (") for line in told)
    assert results("raw", "out") == results("in", "out-in", **config)
    source = here / "raw/orders/orders.csv"
    with gzip.open(sample_market_path() / "orders/orders.csv.gz", "rt") as original:
        names = [name.strip() for name in next(original).split(",")]
        wanted = [[c.strip() for c in row] for row in csv.reader(original, skipinitialspace=True)]
    with source.open() as stream:
        rows = list(csv.DictReader(stream))
    for name in ("order_id", "timestamp", "price", "national_bid", "quantity", "sequence"):
        position = names.index(name)
        assert [row[name] for row in rows] == [row[position] for row in wanted]
    assert document["rows"] == sum(file["rows"] for file in document["files"])


def test_texts_become_codes_and_columns_their_names(here):
    text = csv_text([{**ORDER, "side": side, "note": "x"} for side in ("Buy", " Sell", "?")])
    text = text.replace(b"order_id", b"ClOrdID").replace(b",100,64,", b",100.0,64,")
    write_files(here / "in", {"orders/o.csv": text})
    document = converted(
        "in", "raw",
        columns={"orders": {"order_id": "ClOrdID"}},
        convert={"values": {"orders": {"side": {"Buy": "1", "Sell": "2"}}}},
    )  # fmt: skip
    told = conversions(document, "orders/o.csv")
    assert told == [
        "columns renamed: ClOrdID to order_id",
        "columns left out, as nothing reads them: note",
        "side: codes for texts (2 cells)",
        "leavesquantity: whole numbers without .0 (3 cells)",
    ]
    with (here / "raw/orders/o.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["side"] for row in rows] == ["1", "2", "?"]  # what has no code stays
    assert [row["order_id"] for row in rows] == [str(FIRST_ID)] * 3
    assert json.loads((here / "raw/convert.json").read_text())["files"] == document["files"]


def test_texts_without_a_code_are_told(here):
    sides = ["Buy", "1", "?", "?", "2.0", "3", "", *(f"side {k}" for k in range(20))]
    write_files(here / "in", {"orders/o.csv": csv_text([{**ORDER, "side": s} for s in sides])})
    config = {"convert": {"values": {"orders": {"side": {"Buy": 1}}}}}
    document = converted("in", "raw", **config)
    (warning,) = [told for told in document["warnings"] if "in no map" in told]
    assert warning.startswith("orders/o.csv: side: 23 cells are in no map: ?, 3, side 0, ")
    assert warning.endswith(", side 9, others.")
    Path("config.yaml").write_text(json.dumps(config))
    done = invoke("convert", "in", "again")
    assert done.exit_code == 0
    assert "Warning: orders/o.csv: side: 23 cells are in no map: ?" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == "  orders/o.csv: 27 rows, all of orders/o.csv"
    assert lines[2] == "    side: codes for texts (1 cells)"


def test_digits_lost_in_a_float_are_not_made_up(here):
    rows = [ORDER | {"order_id": f"{FIRST_ID}.0", "quantity": "1e2"}]
    write_files(here / "in", {"orders/o.csv": csv_text(rows)})
    converted("in", "raw")
    with (here / "raw/orders/o.csv").open() as stream:
        (row,) = csv.DictReader(stream)
    assert (row["order_id"], row["quantity"]) == (f"{FIRST_ID}.0", "1e2")


def test_rows_that_cannot_be_read_stay_rows_that_cannot_be_read(here):
    """A time without an offset, one in nanoseconds, a price of a tenth too much, a cell less."""
    good = order_text(*ROWS).decode().splitlines()
    names, first = good[0].split(","), good[1].split(",")
    position = names.index("timestamp")
    times = ("2024-10-04T10:00:00+10:00", "2024-10-04T10:00:00", str(ORDER["timestamp"]))
    lines = [[*first[:position], time, *first[position + 1 :]] for time in times]
    lines += [lines[0][:-1], [*lines[0], "one more"]]
    text = "\n".join([";".join(names), *map(";".join, lines), "", " "])
    write_files(here / "in", {"orders/o.csv": text.encode()})
    config = {"delimiter": {"orders": ";"}, "units": {"orders": {"time": "iso"}}}
    document = converted("in", "raw", **config)
    assert document["files"][0]["rows"] == 5
    assert "timestamp: no times, and marked so (2 cells)" in conversions(document, "orders/o.csv")
    for name, settings_ in (("raw", {}), ("in", config)):
        Path("config.yaml").write_text(json.dumps(settings_))
        done = invoke(
            "run", name, "-o", f"out-{name}", "--no-parallel", "--no-progress", "--json",
            "--max-bad-fraction", 1, "--on-contradiction", "warn",
        )  # fmt: skip
        entry = json.loads(done.stdout)["ledger"][0]
        assert (entry["read"], entry["kept"], sum(entry["rejected"].values())) == (5, 1, 4)
        assert entry["rejected"]["wrong_field_count"] == 2


def test_a_row_with_as_many_cells_as_are_written_is_no_row(here):
    """Two columns are left out; a line that lacks two cells must not become a row by that."""
    text = csv_text([ORDER | {"a": 1, "b": 2}]) + csv_text([ORDER]).split(b"\n", 1)[1]
    write_files(here / "in", {"orders/o.csv": text})
    converted("in", "raw")
    lines = (here / "raw/orders/o.csv").read_text().splitlines()
    assert [line.count(",") for line in lines] == [12, 12, 13]


def test_forms_and_formats_of_many_files(here):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({c: [v] for c, v in (ORDER | ROWS[1] | {"extra": 1}).items()}), sink)
    write_files(here / "in", {
        "tue/orders/o.csv.gz": gzip.compress(order_text(ROWS[0])),
        "mon/Orders/o.parquet": sink.getvalue().to_pybytes(),
        "mon/trades.csv": trade_text({}), "q/nbbo": quote_text({}),
    })  # fmt: skip
    (here / "in/q/nbbo").rename(here / "in/q/x.csv")
    document = converted("in/tue/orders/*", "in/mon", "nbbo=in/q/x.csv", "raw")
    files = {one["written"]: one["file"] for one in document["files"]}
    # Tuesday was given first: of rows that are there twice its are the first.
    assert files == {
        "orders/1-tue-o.csv": "tue/orders/o.csv.gz",
        "orders/2-mon-o.csv": "mon/Orders/o.parquet",
        "trades/3-mon-trades.csv": "mon/trades.csv",
        "nbbo/4-q-x.csv": "q/x.csv",
    }
    assert conversions(document, "mon/Orders/o.parquet") == [
        "format: parquet to CSV", "columns left out, as nothing reads them: extra",
    ]  # fmt: skip
    assert conversions(document, "tue/orders/o.csv.gz") == ["format: csv.gz to CSV"]
    assert invoke("plan", "raw").exit_code == 0


def test_compressed_and_equal_every_time(here):
    write_files(here / "in", {"orders/o.csv": order_text(*ROWS)})
    for out in ("a", "b"):
        converted("in", out, "--compress")
    packed = (here / "a/orders/o.csv.gz").read_bytes()
    assert packed == (here / "b/orders/o.csv.gz").read_bytes()
    assert gzip.decompress(packed) == order_text(*ROWS)


def test_a_header_is_written_in_front(here):
    body = order_text(*ROWS).split(b"\n", 1)[1]
    write_files(here / "in", {"orders/o.csv": b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n")})
    document = converted("in", "raw", header={"orders": list(ORDER)})
    assert conversions(document, "orders/o.csv") == ["header: written in front"]
    assert (here / "raw/orders/o.csv").read_bytes() == order_text(*ROWS)


# --- nothing is overwritten, and nothing is left half done ---------------------------------------


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_nothing_is_overwritten(here, there):
    write_files(here / "in", {"orders/o.csv": order_text({})})
    if there == "file":
        (here / "raw").write_text("mine")
    elif there == "folder":
        write_files(here / "raw", {})
    else:
        (here / "raw").symlink_to(here / "elsewhere")
    before = {path: path.lstat() for path in here.rglob("*")}
    done = invoke("convert", "in", "raw")
    assert done.exit_code == 2
    assert "OUT is there already" in done.stderr or "cannot be made" in done.stderr
    after = {path: path.lstat() for path in here.rglob("*")}
    assert {p: s.st_mtime_ns for p, s in after.items()} == {
        p: s.st_mtime_ns for p, s in before.items()
    }


def test_a_damaged_file_leaves_nothing(here):
    packed = gzip.compress(order_text(*({"sequence": k} for k in range(5_000))))
    write_files(here / "in", {"orders/o.csv.gz": packed[:-200]})
    done = invoke("convert", "in", "raw")
    assert done.exit_code == 3
    assert "orders/o.csv.gz cannot be read" in done.stderr
    assert [path.name for path in here.iterdir()] == ["in"]


@pytest.mark.parametrize("long", [b"x" * (2 << 20), b'1,"' + b"y," * (100 << 10) + b'"'])
def test_a_line_beyond_any_row_is_one_that_a_run_rejects_of_both(here, long):
    header, *rows = order_text(*ROWS[:2]).splitlines()
    text = b"\n".join([header, rows[0], long, rows[1], b""])
    write_files(here / "in", {"orders/o.csv": text})
    document = converted("in", "raw")
    assert document["files"][0]["rows"] == 3
    told = "lines: too long to be a row, and written as one cell (1 lines)"
    assert told in conversions(document, "orders/o.csv")
    rejects = []
    for name in ("in", "raw"):
        options = ("--max-bad-fraction", 1, "--no-parallel", "--no-progress", "--json")
        entry = json.loads(invoke("run", name, "-o", f"out-{name}", *options).stdout)["ledger"][0]
        rejects.append((entry["read"], entry["kept"], entry["rejected"]))
    assert rejects[0] == rejects[1]
    assert rejects[0][:2] == (3, 2)


def test_columns_keep_their_order_and_cells_their_blanks(here):
    text = b"ParticipantName,Id,TradeDate\n  Big Broker ,1,7\n"
    names = b'ParticipantName,Id,TradeDate\n"Big, Broker", 1,7\n'
    files = {
        "orders/o.csv": order_text({}),
        "participants/a.csv": text,
        "participants/b.csv": names,
    }
    write_files(here / "in", files)
    document = converted("in", "raw")
    assert (here / "raw/participants/a.csv").read_bytes() == text
    assert conversions(document, "participants/a.csv") == []
    assert (here / "raw/participants/b.csv").read_bytes() == names.replace(b", 1", b",1")
    told = ["lines: blanks in front of cells taken away (1 lines)"]
    assert conversions(document, "participants/b.csv") == told


def test_a_carriage_return_and_a_blank_in_a_line_leave_it_a_row(here):
    names = b"ParticipantName,Id,TradeDate\nBig\rBroker, 1,7\n"
    write_files(here / "in", {"orders/o.csv": order_text({}), "participants/p.csv": names})
    document = converted("in", "raw")
    expected = names.replace(b"\r", b" ").replace(b", 1", b",1")
    assert (here / "raw/participants/p.csv").read_bytes() == expected
    told = ["lines: blanks in front of cells taken away (1 lines)"]
    assert conversions(document, "participants/p.csv") == told


def test_the_folder_is_not_made_among_the_input(here):
    write_files(here / "in", {"orders/o.csv": order_text({})})
    done = invoke("convert", "in", "in/orders/out")
    assert done.exit_code == 2
    assert "Input and output overlap" in done.stderr
    assert [path.name for path in (here / "in/orders").iterdir()] == ["o.csv"]


def test_what_a_killed_run_has_left_goes_and_what_a_live_one_has_stays(here):
    write_files(here / "in", {"orders/o.csv": order_text({})})
    dead, alive = (here / f".raw.{digit * 32}.tmp" for digit in "0f")
    of_others = [here / f".other.{'0' * 32}.tmp", here / ".raw.mine.tmp"]
    for folder in (dead, alive, *of_others):
        write_files(folder, {"orders/o.csv": b""})
    with held(alive):
        converted("in", "raw")
    left = {path.name for path in here.iterdir()} - {"in", "raw", "config.yaml"}
    assert left == {path.name for path in (alive, *of_others)}


def test_a_full_disk(here, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    write_files(here / "in", {"orders/o.csv": order_text({})})
    for function in ("sweep_dask.storage.convert._rows_of", "pathlib.Path.mkdir"):
        with monkeypatch.context() as patch:
            patch.setattr(function, full)
            done = invoke("convert", "in", "raw")
        assert done.exit_code == 4
        assert "The disk is full." in done.stderr
        assert [path.name for path in here.iterdir()] == ["in"]


@pytest.mark.parametrize("flags", [(), ("--compress",)])
def test_a_disk_that_is_full_in_the_last_bytes(here, flags):
    """Those of a small file are written when it is closed."""
    write_files(here / "in", {"orders/o.csv": order_text({})})
    with small_disk(here / "disk") as disk:
        disk.fill()
        done = invoke("convert", "in", disk.folder / "raw", *flags)
        assert done.exit_code == 4, done.stderr
        assert "The disk is full." in done.stderr


def test_names_that_the_configuration_gets_wrong(here):
    write_files(here / "in", {"orders/o.csv": order_text({})})
    Path("config.yaml").write_text("convert: {values: {orders: {sid: {B: 1}}}}")
    done = invoke("convert", "in", "raw")
    assert done.exit_code == 2
    assert "did you mean convert.values.orders.side?" in done.stderr


def test_a_url(here):
    memory = fsspec.filesystem("memory")
    memory.pipe({"/b/orders/a.csv": order_text({}), "/b/trades/t.csv": trade_text({})})
    try:
        assert converted("memory://b", "raw")["rows"] == 2
    finally:
        memory.rm("/b", recursive=True)


WORDS = ["", " ", "x", " x ", '"', 'a "b"', ",", ";", "a;b", "é", "\ufeff", "33,305", "33.305",
         "-1", "a\rb", "\t", "NULL", "2024-10-04T10:00:00Z", "2024-10-04 10:00:00"]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=12, max_size=14), max_size=6),
    st.sampled_from([",", ";", "|", "\t"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from([{}, {"price": "dollar", "decimal": ","}, {"time": "iso"}]),
)
def test_rows_have_the_same_fate_before_and_after(rows, delimiter, quoting, unit):
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    writer.writerows([list(ORDER), [str(value) for value in ORDER.values()], *rows])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder / "in", {"orders/o.csv": sink.getvalue().encode()})
        word = "tab" if delimiter == "\t" else delimiter
        config = {"delimiter": {"orders": word}, "units": {"orders": unit}}
        (folder / "config.yaml").write_text(json.dumps(config))
        flags = ("--config", folder / "config.yaml", "--json")
        done = invoke("convert", folder / "in", folder / "raw", *flags)
        assert done.exit_code == 0, done.stderr
        before = fates(folder / "in", {"orders": unit}, {"orders": delimiter})
        assert before == fates(folder / "raw", {}, {})
        assert json.loads(done.stdout)["files"][0]["rows"] == len(before)


def fates(folder, units, delimiters):
    """What becomes of each row of the order file: its values, or nothing of it; or filtered."""
    inputs = open_inputs(str(folder), {}, units, delimiters)
    file = inputs.files[0]
    validated = validated_chunks(file, inputs.headers[file.name], 1 << 20)
    rows, rejects, _, n_lines, n_read = everything(validated)
    assert n_lines == n_read
    by_line = dict.fromkeys(range(n_lines), "filtered") | dict(rows)
    return [by_line[line] for line in range(n_lines) if line not in {r.line for r in rejects}] + [
        "rejected" for _ in rejects
    ]
