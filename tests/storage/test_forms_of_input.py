"""Inputs as people have them, through the command line: read where clear, else answered."""

from __future__ import annotations

import json

import fsspec
import pytest
from markets import FIRST_ID, order_text, quote_text, trade_text
from running import invoke

ORDERS, TRADES = order_text({}), trade_text({})
LATER = order_text({"order_id": FIRST_ID + 1, "sequence": 2})


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def planned(*inputs, **options):
    """Names of files by table, how they were taken, and the warnings."""
    flags = [f"--{name}={value}" for name, value in options.items()]
    done = invoke("plan", *inputs, "--json", *flags)
    assert done.exit_code == 0, done.stderr
    plan = json.loads(done.stdout)
    files = {}
    for file in plan["files"]:
        files.setdefault(file["table"], []).append(file["file"])
    return files, plan["taken"], plan["warnings"]


def forms(taken):
    return {one["table"]: one["form"] for one in taken}


def refused(*inputs):
    """What `plan` says of an input that it does not take, as one line."""
    done = invoke("plan", *inputs)
    assert done.exit_code == 3, done.output
    return " ".join(done.stderr.split())


# --- one folder ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("orders", "trades", "form"),
    [
        ("Orders/a.csv", "TRADES/t.csv", "Orders/*"),
        ("2024-10-04/orders/a.csv", "2024-10-04/trades/t.csv", "####-##-##/orders/*"),
        ("20241004/Orders/a.csv", "20241004/Trades/t.csv", "########/Orders/*"),
        ("orders/2024-10-04/a.csv", "trades/t.csv", "orders/####-##-##/*"),
        ("orders/date=2024-10-04/a.csv", "trades/t.csv", "orders/date=####-##-##/*"),
        ("orders/2024/10/04/a.csv", "trades/2024/t.csv", "orders/####/##/##/*"),
        ("orders_20241004.csv", "20241004-Trades.csv", "*orders*"),
        ("2024-10-04/drr orders.csv", "2024-10-04/drr trades.csv", "####-##-##/*orders*"),
    ],
)
def test_folders_of_many_forms(here, orders, trades, form):
    write(here / "in", {orders: ORDERS, trades: TRADES, "README.md": b"notes"})
    files, taken, warnings = planned("in")
    assert files == {"orders": [orders], "trades": [trades]}
    assert forms(taken)["orders"] == form
    assert not [warning for warning in warnings if "input" in warning]


def test_dated_folders_are_read_in_order_of_date_and_told_to_people(here):
    days = ["2024-10-04", "2024-10-07"]
    write(here / "in", {f"{day}/orders/o.csv": ORDERS for day in reversed(days)})
    write(here / "in", {"trades/t.csv": TRADES})
    files, _, _ = planned("in")
    assert files["orders"] == [f"{day}/orders/o.csv" for day in days]
    shown = invoke("plan", "in").stdout
    assert "2 files as ####-##-##/orders/* from in" in shown
    assert "1 file as trades/* from in" in shown


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["orders/a.csv", "Orders/b.csv"], "Orders/* (1 file), orders/* (1 file)"),
        (["orders/a.csv", "orders_1.csv"], "orders/* (1 file), *orders* (1 file)"),
        (["orders/a.csv", "orders/2024-10-04/a.csv", "orders/2024-10-07/a.csv"],
         "orders/####-##-##/* (2 files), orders/* (1 file)"),
        (["2024-10-04/orders/a.csv", "orders/a.csv"], "####-##-##/orders/* (1 file)"),
    ],
)  # fmt: skip
def test_two_forms_of_a_table_are_no_guess(here, files, found):
    write(here / "in", dict.fromkeys(files, ORDERS) | {"trades/t.csv": TRADES})
    told = refused("in")
    assert "Files of orders lie in 2 ways, and nothing says which is meant" in told
    assert found in told
    assert "--ignore" in told


def test_one_of_two_forms_can_be_left_out(here):
    write(here / "in", {"orders/a.csv": ORDERS, "Orders/b.csv": LATER, "trades/t.csv": TRADES})
    assert planned("in", ignore="Orders/*")[0]["orders"] == ["orders/a.csv"]
    files, _, _ = planned("in/orders", "in/Orders", "in/trades")
    assert files["orders"] == ["orders/a.csv", "Orders/b.csv"]


def test_an_empty_folder_beside_one_with_files_is_no_second_form(here):
    write(here / "in", {"orders/a.csv": ORDERS, "trades/t.csv": TRADES})
    (here / "in/Orders").mkdir()
    assert planned("in")[0]["orders"] == ["orders/a.csv"]


def test_what_is_passed_over_is_told_once(here):
    write(here / "in", {"orders/a.csv": ORDERS, "trades/t.csv": TRADES, "prices.csv": b"a\n1\n"})
    write(here / "in", {f"old{k:02}/x.csv": b"" for k in range(20)})
    warnings = [text for text in planned("in")[2] if "input" in text]
    assert len(warnings) == 13
    assert "old00/ in the input is no table and is not read." in warnings
    assert "9 more in the input are no tables and are not read." in warnings


def test_flat_files_of_unknown_formats_would_be_missing_data(here):
    write(here / "in", {"orders_1.csv": ORDERS, "orders_2.xlsx": b"", "trades.csv": TRADES})
    assert "orders_2.xlsx" in refused("in")
    write(here / "std", {"orders/o.csv": ORDERS, "orders notes.txt": b"", "trades/t.csv": TRADES})
    assert "orders notes.txt in the input is no table and is not read." in planned("std")[2]


def test_a_file_that_names_two_tables(here):
    write(here / "in", {"orders.csv": ORDERS, "trades.csv": TRADES, "orders-trades.csv": b"x\n"})
    told = refused("in")
    assert "do not tell one table" in told
    assert "orders=PATH" in told


def test_a_folder_that_is_nearly_a_table(here):
    write(here / "in", {"orders/a.csv": ORDERS, "Trade/t.csv": TRADES})
    told = refused("in")
    assert "has no trades files" in told
    assert "If Trade/ holds trades, rename it to trades/." in told
    assert "trades=PATH" in told


def test_the_folder_above_the_one_that_is_meant(here):
    write(here / "in", {"raw/orders/a.csv": ORDERS, "raw/trades/t.csv": TRADES})
    assert "There are tables in raw/: is that meant?" in refused("in")


# --- the folder of a table, files, several -------------------------------------------------------


@pytest.mark.parametrize("given", ["in/orders", "in/orders/", "in/Trades"])
def test_the_folder_of_a_table_stands_for_the_one_around_it(here, given):
    write(here / "in", {"orders/a.csv": ORDERS, "Trades/t.csv": TRADES})
    files, _, warnings = planned(given)
    assert files == {"orders": ["orders/a.csv"], "trades": ["Trades/t.csv"]}
    told = [text for text in warnings if "folder around it is read" in text]
    assert told == [f"{given} is the folder of a table: the folder around it is read."]


def test_the_current_folder_may_be_that_of_a_table(here, monkeypatch):
    write(here / "in", {"orders/a.csv": ORDERS, "trades/t.csv": TRADES})
    monkeypatch.chdir(here / "in/orders")
    assert planned(".")[0]["trades"] == ["trades/t.csv"]


def test_a_market_called_like_a_table_is_one(here):
    write(here / "in/orders", {"orders/a.csv": ORDERS, "trades/t.csv": TRADES})
    assert planned("in/orders")[0]["orders"] == ["orders/a.csv"]


def test_files_given_one_by_one(here):
    write(here, {"a b/orders 1.csv": ORDERS, "a b/orders 2.csv": LATER, "t/trades/x.csv": TRADES})
    files, taken, _ = planned("a b/orders 1.csv", "t/trades/x.csv")
    assert files == {"orders": ["a b/orders 1.csv"], "trades": ["t/trades/x.csv"]}
    assert [one["input"] for one in taken] == ["a b/orders 1.csv", "t/trades/x.csv"]


def test_a_single_file_is_half_an_input(here):
    write(here, {"in/orders/a.csv": ORDERS, "in/trades/t.csv": TRADES})
    told = refused("in/orders/a.csv")
    assert "has no trades files" in told
    assert "trades=PATH" in told


def test_files_whose_names_say_nothing(here):
    write(here, {"in/dump.csv": ORDERS, "in/deals.csv": TRADES, "in/2024/x.csv": quote_text({})})
    assert "do not tell one table" in refused("in/dump.csv", "in/deals.csv")
    files, taken, _ = planned("orders=in/dump.csv", "Trades=in/deals.csv", "nbbo=in/2024")
    assert files == {"orders": ["dump.csv"], "trades": ["deals.csv"], "nbbo": ["2024/x.csv"]}
    assert forms(taken) == {"orders": "orders=", "trades": "trades=", "nbbo": "nbbo="}


def test_several_folders_are_one_input_in_the_order_given(here):
    for day, rows in (("mon", ORDERS), ("tue", LATER)):
        write(here / day, {"orders/o.csv": rows, "trades/t.csv": TRADES})
    done = invoke("run", "tue", "mon", "-o", "out", "--no-parallel", "--no-progress", "--json")
    assert done.exit_code == 0, done.stderr
    manifest = json.loads(done.stdout)
    assert manifest["input"] == "tue, mon"
    assert [file["file"] for file in manifest["inputs"]] == [
        "tue/orders/o.csv", "mon/orders/o.csv", "tue/trades/t.csv", "mon/trades/t.csv",
    ]  # fmt: skip
    assert [file["table"] for file in manifest["inputs"]] == ["orders"] * 2 + ["trades"] * 2
    assert {one["input"] for one in manifest["taken"]} == {"tue", "mon"}
    kept = {entry["file"]: entry["kept"] for entry in manifest["ledger"]}
    assert (kept["tue/orders/o.csv"], kept["mon/orders/o.csv"]) == (1, 1)
    assert kept["mon/trades/t.csv"] == 0  # the same trade, given twice
    assert invoke("verify", "out").exit_code == 0


def test_a_folder_and_a_file_of_it_are_read_once(here):
    write(here / "in", {"orders/a.csv": ORDERS, "trades/t.csv": TRADES})
    files, _, warnings = planned("in", "in/orders/a.csv", "in/orders/*.csv")
    assert files["orders"] == ["orders/a.csv"]
    assert warnings.count("orders/a.csv is there twice: it is read once.") == 2


def test_links_to_what_is_given_are_read_once(here):
    write(here / "in", {"orders/a.csv": ORDERS, "trades/t.csv": TRADES})
    (here / "again").symlink_to(here / "in")
    (here / "in/nbbo").symlink_to(here / "elsewhere")
    write(here / "elsewhere", {"2024-10-04/q.csv": quote_text({})})
    files, _, warnings = planned("in", "again")
    assert files["orders"] == ["in/orders/a.csv"]
    assert files["nbbo"] == ["in/nbbo/2024-10-04/q.csv"]
    assert (
        "in/orders/a.csv is there twice, also as again/orders/a.csv: it is read once." in warnings
    )


# --- patterns -----------------------------------------------------------------------------------


def test_patterns_of_files_and_folders(here):
    for day in ("04", "05", "07"):
        write(here / f"in/2024-10-{day}", {"orders/o.csv": ORDERS, "trades/t.csv": TRADES})
    assert planned("in/2024-10-0[45]")[0]["orders"] == [
        "2024-10-04/orders/o.csv", "2024-10-05/orders/o.csv",
    ]  # fmt: skip
    files, taken, _ = planned("in/*/orders/*.csv", "in/**/trades/?.csv")
    assert len(files["orders"]) == len(files["trades"]) == 3
    assert forms(taken)["trades"] == "####-##-##/trades/*"
    assert planned("in/2024-10-04/orders/*", "in/*-07/trades")[0] == {
        "orders": ["2024-10-04/orders/o.csv"], "trades": ["2024-10-07/trades/t.csv"],
    }  # fmt: skip


def test_a_folder_called_like_a_pattern_is_itself(here):
    write(here / "in [ab]", {"orders_1.csv": ORDERS, "trades.csv": TRADES})
    write(here / "in a", {"orders_9.csv": ORDERS})
    assert planned("in [ab]/*.csv")[0]["orders"] == ["orders_1.csv"]


def test_a_pattern_that_fits_nothing(here):
    write(here / "in", {"orders/a.csv": ORDERS, "trades/t.csv": TRADES})
    told = refused("in/order/*.csv")
    assert "Nothing fits the pattern." in told
    assert "in holds orders, trades" in told
    assert "Did you mean orders?" in told


def test_a_folder_that_is_not_there(here):
    write(here, {"market/orders/a.csv": ORDERS})
    told = refused("markt")
    assert "does not exist" in told
    assert "Did you mean market?" in told


def test_a_pattern_of_a_url(here):
    memory = fsspec.filesystem("memory")
    for day in ("04", "07"):
        memory.pipe({
            f"/bucket/2024-10-{day}/orders/o.csv": ORDERS,
            f"/bucket/2024-10-{day}/trades/t.csv": TRADES,
        })  # fmt: skip
    try:
        files, _, _ = planned("memory://bucket/2024-10-*/orders/*.csv", "memory://bucket/*/trades")
        assert files["orders"] == ["2024-10-04/orders/o.csv", "2024-10-07/orders/o.csv"]
        assert planned("memory://bucket/2024-10-04/trades")[0]["orders"] == ["orders/o.csv"]
        assert "Nothing fits" in refused("memory://bucket/2023-*")
        write(here, {"in/orders/o.csv": LATER, "in/trades/t.csv": TRADES})
        mixed, _, _ = planned("in", "memory://bucket/2024-10-07")
        assert mixed["orders"] == ["1/orders/o.csv", "2/orders/o.csv"]
    finally:
        memory.rm("/bucket", recursive=True)


# --- what holds for all of them ------------------------------------------------------------------


def test_the_form_does_not_change_the_results(here):
    text = {"orders": order_text({}, {"order_id": FIRST_ID + 1, "sequence": 2}), "trades": TRADES}
    write(here, {f"plain/{table}/a.csv": rows for table, rows in text.items()})
    awkward = {
        table: b"\xef\xbb\xbf" + rows.replace(b"\n", b"\r\n") for table, rows in text.items()
    }
    write(here, {f"odd/2024-10-04/{t.title()}.csv": rows[:-2] for t, rows in awkward.items()})
    found = []
    for name in ("plain", "odd"):
        done = invoke("run", name, "-o", f"out-{name}", "--no-parallel", "--no-progress")
        assert done.exit_code == 0, done.stderr
        found.append({
            path.relative_to(here / f"out-{name}"): path.read_bytes()
            for folder in ("processed", "outputs")
            for path in (here / f"out-{name}" / folder).rglob("*") if path.is_file()
        })  # fmt: skip
    assert found[0] == found[1] != {}


def test_an_output_among_files_that_are_given(here):
    write(here, {"data/orders/a.csv": ORDERS, "data/tables/trades/t.csv": TRADES})
    done = invoke("run", "data/orders/a.csv", "data/tables/trades/*", "--no-parallel")
    assert done.exit_code == 2
    assert "Input and output overlap" in done.stderr
    assert {path.name for path in (here / "data").iterdir()} == {"orders", "tables"}


def test_an_output_beside_files_that_are_given(here):
    write(here, {"orders.csv": ORDERS, "trades.csv": TRADES, "in/orders/a.csv": ORDERS})
    done = invoke("convert", "orders.csv", "trades.csv", "raw")
    assert done.exit_code == 0, done.stderr
    done = invoke("run", "orders.csv", "trades.csv", "--no-parallel", "--no-progress")
    assert done.exit_code == 0, done.stderr
    assert (here / "data/manifest.json").exists()
    done = invoke("convert", "in/orders/a.csv", "trades.csv", "in/orders/raw")
    assert "Input and output overlap" in done.stderr


def test_several_inputs_from_python(here):
    import sweep_dask

    write(here, {"a/orders/a.csv": ORDERS, "b/trades/t.csv": TRADES})
    plan = sweep_dask.plan([here / "a", "b/trades/*.csv"])
    assert [file.name for file in plan.inputs.files] == ["a/orders/a.csv", "b/trades/t.csv"]
    assert str(plan.input) == f"{here / 'a'}, b/trades/*.csv"
