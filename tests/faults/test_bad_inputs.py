"""Input that cannot be used: what is said, the exit code, and nothing left behind."""

import gzip
import json
import os
import re

import pytest
from markets import COLUMNS, LIT, RawMarket, compress, plain_market, write_rows
from running import invoke, result_files

ORDERS, TRADES = "orders/orders.csv", "trades/trades.csv"


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """No settings of the machine the tests run on."""
    monkeypatch.chdir(tmp_path)
    for name in ("SWEEP_WORKERS", "SWEEP_OUTPUT", "SWEEP_SCHEDULER", "DASK_SCHEDULER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def market(tmp_path):
    return plain_market(sweeps=2).write(tmp_path / "in")


def run(*options):
    return invoke("run", "in", "-o", "out", "--no-parallel", *options)


def refused(tmp_path, *options, code=3):
    """The message of a run that must be refused."""
    done = run(*options)
    assert done.exit_code == code, done.output
    assert done.stderr.count("Error:") == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    return done.stderr


def edit(path, change):
    path.write_text(change(path.read_text()))


def test_missing_folder(tmp_path):
    message = refused(tmp_path)
    assert "The input folder does not exist." in message
    assert "where: in" in message
    assert "built-in sample" in message


def test_no_order_files(market, tmp_path):
    (market / ORDERS).unlink()
    message = refused(tmp_path)
    assert "The input has no orders files." in message
    endings = ".csv, .csv.bz2, .csv.gz, .csv.xz, .csv.zst, .csv.zip, .parquet"
    assert f"ending in {endings} into orders/" in message


def test_no_trades_folder(market, tmp_path):
    (market / TRADES).unlink()
    (market / "trades").rmdir()
    message = refused(tmp_path)
    assert "The input has no trades files." in message
    # What is there instead.
    assert "nbbo, orders" in message


def test_required_column_missing(market, tmp_path):
    edit(market / ORDERS, lambda text: text.replace("leavesquantity", "leaves_qty", 1))
    message = refused(tmp_path)
    assert "Required column missing from orders/orders.csv: leavesquantity." in message
    assert "where: orders/orders.csv, line 1" in message
    # What was found, the nearest name, and how to map it.
    assert "value: 'order_id, exchange, timestamp," in message
    assert "leavesquantity (nearest: leaves_qty" in message
    assert "columns: {orders: {leavesquantity: leaves_qty}}" in message


def test_the_cure_for_a_missing_column_works(market, tmp_path):
    edit(market / ORDERS, lambda text: text.replace("leavesquantity", "leaves_qty", 1))
    (tmp_path / "config.yaml").write_text("columns: {orders: {leavesquantity: leaves_qty}}\n")
    assert run().exit_code == 0


@pytest.mark.parametrize("table", ["orders", "trades"])
def test_empty_file_alone(market, tmp_path, table):
    (market / table / f"{table}.csv").write_text("")
    message = refused(tmp_path)
    assert f"The {table} files hold no rows." in message
    assert f"{table}/{table}.csv" in message


def test_header_without_rows_alone(market, tmp_path):
    write_rows(market / ORDERS, [], COLUMNS["orders"])
    assert "The orders files hold no rows." in refused(tmp_path)


@pytest.mark.parametrize(
    ("text", "warning"),
    [("", "is empty"), (",".join(COLUMNS["orders"]) + "\n", "has a header and no rows")],
)
def test_a_file_without_rows_beside_a_good_one_is_a_warning(market, text, warning):
    (market / "orders/b.csv").write_text(text)
    done = run()
    assert done.exit_code == 0, done.output
    assert f"Warning: orders/b.csv {warning}." in done.stderr


def test_no_centre_point_orders(market, tmp_path):
    lit = RawMarket()
    lit.order(1, 1_728_000_000 * 10**9, 101, 1, 100, exchangeordertype=LIT)
    write_rows(market / ORDERS, lit.rows["orders"], COLUMNS["orders"])
    message = refused(tmp_path)
    assert "The input holds no Centre Point orders." in message
    assert "bit 64, 256, 2048 or 4096" in message


def test_no_orders_of_the_securities_asked_for(market, tmp_path):
    message = refused(tmp_path, "--securities", "999")
    assert "no Centre Point orders of the dates and securities asked for" in message
    assert "--securities" in message


def test_all_unusable_files_are_listed(market, tmp_path):
    compress(market / ORDERS).write_bytes(b"\x1f\x8b damaged at its beginning")
    (market / "orders/c.csv").write_text("a,b\n1,2\n")
    (market / "trades/binary.csv").write_bytes(b"\xff\xfe\x00\x01\n\x00")
    (market / "nbbo/nbbo.csv").write_bytes(b"no line ends here" * 100_000)
    (market / "trades/p.parquet").write_bytes(b"PAR1 not")
    message = refused(tmp_path)
    assert "5 input files cannot be used" in message
    named = set(re.findall(r"(?:orders|trades|nbbo)/[\w.]+", message))
    assert named >= {
        "orders/orders.csv.gz",
        "orders/c.csv",
        "trades/binary.csv",
        "trades/p.parquet",
        "nbbo/nbbo.csv",
    }


def test_files_damaged_in_their_middle_are_all_listed(market, tmp_path):
    for table in ("orders", "trades"):
        rows = (market / table / f"{table}.csv").read_bytes()
        header, _, body = rows.partition(b"\n")
        # More text than is read at first, which does not compress away.
        noise = b"".join(b"%d" % (7**k) + b"\n" for k in range(1, 1500))
        whole = gzip.compress(header + b"\n" + body + noise)
        (market / table / f"{table}.csv").unlink()
        (market / table / "cut.csv.gz").write_bytes(whole[: len(whole) * 9 // 10])
    message = refused(tmp_path)
    assert "2 files cannot be read to the end" in message
    assert "orders/cut.csv.gz" in message
    assert "trades/cut.csv.gz" in message
    assert "Fetch them again" in message


def spoil_quantities(market, count):
    """Make the quantity of the first rows unreadable."""
    lines = (market / ORDERS).read_text().splitlines()
    place = COLUMNS["orders"].index("quantity")
    for number in range(1, count + 1):
        cells = lines[number].split(",")
        cells[place] = "many"
        lines[number] = ",".join(cells)
    (market / ORDERS).write_text("\n".join(lines) + "\n")


def test_too_many_bad_rows(market, tmp_path):
    spoil_quantities(market, 4)
    done = run()
    assert done.exit_code == 3
    # 4 of 40 rows; the page of the message: how many, why, examples, what is allowed, the cure.
    assert "4 of 40 orders rows cannot be read (not_a_number 4)." in done.stderr
    assert "orders/orders.csv, line 2: not_a_number in quantity: " in done.stderr
    assert "allowed: 5 % (--max-bad-fraction)" in done.stderr
    assert "rejects/orders.parquet" in done.stderr
    # The rows are there to look at, a manifest that says whose they are, and nothing else.
    left = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert left == {"orders.parquet", "manifest.json"}
    assert json.loads((tmp_path / "out/manifest.json").read_text())["status"] == "failed"


def test_rejects_of_a_run_that_failed_do_not_outlive_the_mended_input(market, tmp_path):
    whole = (market / ORDERS).read_text()
    spoil_quantities(market, 4)
    assert run().exit_code == 3
    (market / ORDERS).write_text(whole)
    assert run().exit_code == 0
    assert not (tmp_path / "out/rejects").exists()


def test_too_many_bad_rows_can_be_allowed(market):
    spoil_quantities(market, 4)
    done = run("--max-bad-fraction", "0.1")
    assert done.exit_code == 0, done.output
    assert "Rows rejected:" in done.stdout


def test_one_bad_row_fails_if_told_so(market):
    spoil_quantities(market, 1)
    done = run("--on-bad-rows", "fail")
    assert done.exit_code == 3
    assert "1 of 40 orders rows cannot be read" in done.stderr
    assert "none (--on-bad-rows fail)" in done.stderr


def test_bad_rows_leave_earlier_results_alone(market, tmp_path):
    assert run().exit_code == 0
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    before = result_files(tmp_path / "out")
    spoil_quantities(market, 4)
    assert run().exit_code == 3
    assert result_files(tmp_path / "out") == before
    assert json.loads((tmp_path / "out/manifest.json").read_text()) == manifest
    assert not list((tmp_path / "out").glob(".scratch*"))


def test_no_quotes_and_trades_of_no_order_are_no_errors(market):
    (market / "nbbo/nbbo.csv").unlink()
    edit(market / TRADES, lambda text: text.replace("7904794000123498", "1904794000123498"))
    done = run()
    assert done.exit_code == 0, done.output


def test_output_that_is_a_file(market, tmp_path):
    (tmp_path / "out").write_text("something")
    done = run()
    assert done.exit_code == 2
    assert "The output folder cannot be written." in done.stderr
    assert f"where: {tmp_path / 'out'}" in done.stderr
    assert "--output" in done.stderr
    assert (tmp_path / "out").read_text() == "something"


def test_output_whose_name_is_not_utf_8(market, tmp_path):
    latin = os.fsdecode("Bücher".encode("latin-1"))
    done = invoke("run", "in", "-o", latin, "--no-parallel")
    assert done.exit_code == 2
    assert "--output cannot be 'B\\udcfccher'." in done.stderr
    assert "UTF-8" in done.stderr
    assert not (tmp_path / latin).exists()


def test_control_characters_of_a_name_are_in_the_manifest_alone(market, tmp_path):
    name = "orders/or\nd\x1b[31mers.csv"
    (market / ORDERS).rename(market / name)
    spoil = (market / name).read_text() + "one,field,more\n"
    (market / name).write_text(spoil)
    done = run()
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert name in [entry["file"] for entry in manifest["inputs"]]
    assert name in [entry["file"] for entry in manifest["ledger"]]
    for text in (done.stdout, done.stderr, (tmp_path / "out/logs/run.log").read_text()):
        assert "\x1b" not in text
    assert invoke("verify", "out").exit_code == 0


@pytest.mark.parametrize("as_given", ["out/processed/in", "file://{}/out/processed/in"])
def test_input_among_results(market, tmp_path, as_given):
    (tmp_path / "out/processed").mkdir(parents=True)
    market.rename(tmp_path / "out/processed/in")
    done = invoke("run", as_given.format(tmp_path), "-o", "out", "--no-parallel")
    assert done.exit_code == 2
    assert "Input and output overlap" in done.stderr
    assert (tmp_path / "out/processed/in" / ORDERS).exists()


def test_output_that_may_not_be_written(market, tmp_path, monkeypatch):
    # Whoever runs as root may write anywhere: the refusal is the system's, said by hand.
    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    message = refused(tmp_path, code=2)
    assert "The output folder cannot be written." in message
    assert "Permission denied" in message


def test_debug_shows_the_traceback(tmp_path):
    done = run("--debug")
    assert done.exit_code == 3
    assert "Traceback (most recent call last)" in done.stderr
