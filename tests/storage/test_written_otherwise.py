"""Files that are written otherwise, told in the configuration, through the command line."""

from __future__ import annotations

import bz2
import json
import lzma

import pytest
from markets import ORDER, TRADE, csv_text, order_text, trade_text
from running import invoke

#: Times of rows that are sound, 10:00 in Sydney on 2024-10-04, without an offset.
LOCAL = "2024-10-04 10:00:00.000000007"
SOUND = [{"sequence": k, "order_id": ORDER["order_id"] + k} for k in range(6)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def rows_of(text, **changes):
    """Rows of a file of ours with cells of some columns made anew, without the header."""
    header, *lines = text.decode().splitlines()
    names = header.split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines]
    return names, [row | {c: make(row[c]) for c, make in changes.items() if c in row}
                   for row in rows]  # fmt: skip


def written(text, delimiter=",", *, header=True, **changes):
    names, rows = rows_of(text, **changes)
    lines = [delimiter.join(names)] * header + [delimiter.join(row.values()) for row in rows]
    return "\n".join(lines).encode()  # and no line ending behind the last row


def results(here, name, **config):
    """Bytes of all results of an input, and its manifest."""
    (here / "config.yaml").write_text(json.dumps(config))
    done = invoke("run", name, "-o", f"out-{name}", "--no-parallel", "--no-progress", "--json")
    assert done.exit_code == 0, done.stderr
    output = here / f"out-{name}"
    files = {
        path.relative_to(output): path.read_bytes()
        for folder in ("processed", "outputs")
        for path in (output / folder).rglob("*")
        if path.is_file()
    }
    return files, json.loads(done.stdout)


@pytest.fixture
def plain(here):
    write(here / "plain", {"orders/o.csv": order_text(*SOUND), "trades/t.csv": trade_text({})})
    return results(here, "plain")[0]


def findings(name):
    """The exit code, and cures of what is written otherwise."""
    done = invoke("check", name, "--json")
    found = [f for f in json.loads(done.stdout)["findings"] if f["severity"] == "contradiction"]
    return done.exit_code, [one["cure"] for one in found]


def test_files_without_a_header(here, plain):
    orders, trades = order_text(*SOUND), trade_text({})
    marked = b"\xef\xbb\xbf" + written(orders, header=False).replace(b"\n", b"\r\n")
    write(here / "in", {"orders/o.csv": marked, "trades/t.csv": trades})
    code, cures = findings("in")
    assert code == 3
    assert "`header: {orders: [order_id, timestamp, …]}`" in cures[0]
    assert results(here, "in", header={"orders": list(ORDER)})[0] == plain


def test_lines_of_a_file_without_a_header_count_from_its_first(here):
    bad = csv_text([ORDER | {"quantity": "many"}, *[ORDER | row for row in SOUND * 5]])
    body = bad.split(b"\n", 1)[1]
    write(here / "in", {"orders/o.csv": body, "trades/t.csv": trade_text({})})
    _, manifest = results(here, "in", header={"orders": list(ORDER)})
    import pyarrow.parquet as pq

    (reject,) = pq.read_table(here / "out-in/rejects/orders.parquet").to_pylist()
    assert (reject["line"], reject["byte_offset"], reject["column"]) == (1, 0, "quantity")
    assert manifest["ledger"][0]["read"] == 31


@pytest.mark.parametrize("blocksize", [60, 150, 1 << 20])
def test_every_row_of_a_file_without_a_header_is_in_one_block(here, blocksize):
    body = written(order_text(*SOUND), header=False)
    write(here / "in", {"orders/o.csv": body, "trades/t.csv": trade_text({})})
    (here / "config.yaml").write_text(json.dumps({"header": {"orders": list(ORDER)}}))
    arguments = ("-o", "out", "--no-parallel", "--no-progress", "--json", "--blocksize", blocksize)
    manifest = json.loads(invoke("run", "in", *arguments).stdout)
    assert manifest["ledger"][0]["read"] == manifest["ledger"][0]["kept"] == len(SOUND)


@pytest.mark.parametrize(
    ("names", "text", "says"),
    [
        (list(ORDER), order_text({}), "has a header, and the configuration names its columns"),
        (list(ORDER)[:-1], written(order_text({}), header=False),
         "has 13 fields and `header.orders` 12 names"),
        (list(ORDER), written(order_text({}), ";", header=False),
         "has 1 fields and `header.orders` 13 names"),
        ([*list(ORDER)[:-1], "other"], written(order_text({}), header=False),
         "Required column missing from orders/o.csv: totalmatchedquantity"),
    ],
)  # fmt: skip
def test_names_that_do_not_fit(here, names, text, says):
    write(here / "in", {"orders/o.csv": text, "trades/t.csv": trade_text({})})
    (here / "config.yaml").write_text(json.dumps({"header": {"orders": names}}))
    done = invoke("plan", "in")
    assert done.exit_code == 3
    assert says in done.stderr


def test_semicolons_and_decimal_commas(here, plain):
    def dollars(cell):
        return f"{int(cell) // 1000},{int(cell) % 1000:03}"

    prices = dict.fromkeys(("price", "bid", "offer", "tradeprice"), dollars)
    orders = written(order_text(*SOUND), ";", **prices)
    trades = written(trade_text(*[{}] * 5), ";", **prices)
    write(here / "in", {"orders/o.csv": orders, "trades/t.csv": trades})
    code, cures = findings("in")
    assert code == 3
    assert any('delimiter: {orders: ";"}' in cure for cure in cures)
    (here / "config.yaml").write_text(json.dumps({"delimiter": ";"}))
    code, cures = findings("in")
    assert code == 3
    cure = 'Set `units: {orders: {price: dollar, decimal: ","}}` in the configuration.'
    assert cure in cures
    unit = {"price": "dollar", "decimal": ","}
    config = {"delimiter": ";", "units": {"orders": unit, "trades": unit}}
    trade = written(trade_text({}), ";", **prices)
    write(here / "in", {"trades/t.csv": trade})
    assert results(here, "in", **config)[0] == plain


def test_local_times(here, plain):
    local = {"timestamp": lambda _: LOCAL, "tradetime": lambda _: LOCAL}
    orders, trades = order_text(*SOUND), trade_text({})
    write(here / "in", {"orders/o.csv": written(orders, **local),
                        "trades/t.csv": written(trades, **local)})  # fmt: skip
    code, cures = findings("in")
    assert code == 3
    assert any("such as `zone: Australia/Sydney`" in cure for cure in cures)
    unit = {"time": "iso", "zone": "Australia/Sydney"}
    assert results(here, "in", units={"orders": unit, "trades": unit})[0] == plain


@pytest.mark.parametrize(
    ("ending", "pack"), [("bz2", bz2.compress), ("xz", lzma.compress), ("XZ", lzma.compress)]
)
def test_compressed_files(here, plain, ending, pack):
    orders = order_text(*SOUND)
    # As two files one behind the other are packed.
    packed = pack(orders[:100]) + pack(orders[100:])
    write(here / "in", {f"orders/o.csv.{ending}": packed, "trades/t.csv": trade_text({})})
    assert results(here, "in")[0] == plain


@pytest.mark.parametrize(("ending", "pack"), [("bz2", bz2.compress), ("xz", lzma.compress)])
def test_damaged_compressed_files(here, ending, pack):
    text = csv_text([TRADE | {"sequence": k * 7919 % 104729} for k in range(20_000)])
    packed = pack(text)
    for data in (packed[: len(packed) // 2], packed[:-40] + bytes(40), b"none of it"):
        write(here / "in", {f"trades/t.csv.{ending}": data, "orders/o.csv": order_text({})})
        done = invoke("run", "in", "-o", "out", "--no-parallel", "--no-progress")
        assert done.exit_code == 3
        assert "cannot be read" in done.stderr
        assert f"trades/t.csv.{ending}" in done.stderr


def test_words_and_decimal_places_are_for_convert(here):
    orders = written(order_text(*SOUND), side=lambda _: "Buy", quantity=lambda cell: f"{cell}.0")
    write(here / "in", {"orders/o.csv": orders, "trades/t.csv": trade_text({})})
    code, cures = findings("in")
    assert code == 3
    assert any("`convert.values`" in cure for cure in cures)
    orders = written(order_text(*SOUND), quantity=lambda cell: f"{cell}.0")
    write(here / "in", {"orders/o.csv": orders})
    assert findings("in") == (3, ["`convert` writes them as whole numbers."])
