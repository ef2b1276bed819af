"""The generator as a writer: reproducible, streaming, one file or one per date."""

import errno
import gzip
import hashlib
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sweep_dask.errors import UsageError
from sweep_dask.sample import MarketParameters, security_ids
from sweep_dask.sample.synthetic_market import write_market
from sweep_dask.storage.new_folder import held

SMALL = MarketParameters(seed=3, securities=security_ids(2), events=400)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("recipe", "digest"),
    [
        (
            MarketParameters(seed=11, events=300, files="per-date", reloaded_orders=10),
            "c1c97d1e97e33c27cb2e49fd677043185e1fbd8a0f93a4400176dd84212a4b05",
        ),
        (
            MarketParameters(
                seed=12,
                securities=(1, 2**31 - 1),
                events=2_000,
                lit_fraction=0.95,
                slice_rows=1_000,
            ),
            "e71566fbd150bd0dcc0e934490e93739505639d5adf5a045745093cb1e7f364e",
        ),
        # The text of its slice is several times the buffer's.
        (
            MarketParameters(
                seed=13,
                securities=security_ids(1),
                dates=("2024-10-04",),
                events=60_000,
                lit_fraction=0,
            ),
            "5ee7c5bbb48272368a5f66d2dc6fcfcb9e6e4122ab0dd43b3d7b6cbac9318bf1",
        ),
    ],
)
def test_the_bytes_are_those_of_the_first_version(tmp_path, recipe, digest):
    # That one wrote its rows with pyarrow, column by column, and half units of trade prices, which
    # are left out of its bytes here.
    write_market(tmp_path / "a", recipe)
    texts = contents(tmp_path / "a")
    whole = b"".join(texts[name] for name in sorted(texts))
    assert hashlib.sha256(whole).hexdigest() == digest


def test_equal_parameters_give_equal_bytes(tmp_path):
    write_market(tmp_path / "a", SMALL)
    write_market(tmp_path / "b", SMALL)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_another_seed_gives_another_market(tmp_path):
    write_market(tmp_path / "a", SMALL)
    write_market(tmp_path / "b", replace(SMALL, seed=4))
    orders = "orders/orders.csv"
    assert contents(tmp_path / "a")[orders] != contents(tmp_path / "b")[orders]


def test_compressed_files_hold_the_same_text(tmp_path):
    write_market(tmp_path / "plain", SMALL)
    write_market(tmp_path / "packed", replace(SMALL, compression="csv.gz"))
    packed = contents(tmp_path / "packed")
    for name, text in contents(tmp_path / "plain").items():
        assert gzip.decompress(packed.pop(f"{name}.gz")) == text
    assert not packed


def test_files_per_date_hold_the_same_rows(tmp_path):
    write_market(tmp_path / "one", SMALL)
    write_market(tmp_path / "many", replace(SMALL, files="per-date"))
    whole = contents(tmp_path / "one")
    parts = contents(tmp_path / "many")
    for table in ("orders", "trades", "nbbo"):
        texts = [parts[f"{table}/{table}_{date}.csv"] for date in SMALL.dates]
        header = texts[0].partition(b"\n")[0] + b"\n"
        rows = b"".join(text.removeprefix(header) for text in texts)
        assert whole[f"{table}/{table}.csv"] == header + rows


def test_the_summary_counts_the_rows(tmp_path):
    rows = write_market(tmp_path / "a", SMALL)
    assert set(rows) == {"orders", "trades", "nbbo", "session", "reference", "participants"}
    for name, text in contents(tmp_path / "a").items():
        assert rows[name.partition("/")[0]] == text.count(b"\n") - 1


def test_memory_does_not_grow_with_the_number_of_rows(tmp_path):
    write_market(tmp_path / "compile", SMALL)
    peaks = []
    for events in (5_000, 25_000):
        recipe = replace(SMALL, dates=("2024-10-04",), events=events, slice_rows=5_000)
        tracemalloc.start()
        write_market(tmp_path / str(events), recipe)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_folder_with_content_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="OUT is there already"):
        write_market(tmp_path, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_stops_before_the_end_leaves_nothing(tmp_path, monkeypatch, error, is_there):
    folder = tmp_path / "a"
    if is_there:
        folder.mkdir()

    def stopped(_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("sweep_dask.sample.synthetic_market.session_lines", stopped)
        with pytest.raises(type(error) if isinstance(error, OSError) else error):
            write_market(folder, SMALL)
    assert list(tmp_path.rglob("*")) == [folder] * is_there
    write_market(folder, SMALL)


@pytest.mark.parametrize("is_there", [False, True])
def test_what_a_killed_one_has_left_goes_and_what_a_live_one_has_stays(tmp_path, is_there):
    folder = tmp_path / "a"
    around = folder if is_there else tmp_path
    dead, alive = (around / f".a.{digit * 32}.tmp" for digit in "0f")
    for left in (dead, alive):
        (left / "orders").mkdir(parents=True)
    with held(alive):
        write_market(folder, SMALL)
    assert not dead.exists()
    assert (alive / "orders").exists()


def test_a_folder_that_is_there_stays_the_same_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_market(Path(), SMALL)
    assert Path("orders/orders.csv").exists()


def test_a_folder_around_that_cannot_be_listed_hinders_nothing(tmp_path, monkeypatch):
    folder, listed = tmp_path / "a", Path.iterdir

    def iterdir(path):
        if path == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    write_market(folder, SMALL)
    assert (folder / "orders/orders.csv").exists()


def test_long_orders_are_reloaded_the_evening_before(tmp_path, read_market):
    write_market(tmp_path / "a", replace(SMALL, reloaded_orders=10))
    market = read_market(tmp_path / "a")
    orders = market.orders
    reloads = orders[orders["changereason"] == 30]
    local = pd.to_datetime(reloads["timestamp"], utc=True).dt.tz_convert("Australia/Sydney")
    # Thursday evening for Friday, Friday evening for Monday.
    assert set(local.dt.strftime("%a %H:%M")) == {"Thu 21:22", "Fri 21:22"}
    assert (reloads.groupby(["security_code", local.dt.date]).size() == 2 * 10).all()
    assert (reloads["exchangeordertype"] == 2_048).all()
    assert reloads["order_id"].nunique() < len(reloads) // 2  # some are there on both dates
    traded = market.trades.groupby("orderid")["quantity"].sum()
    last = orders.groupby("order_id")["totalmatchedquantity"].last()
    assert (last == traded.reindex(last.index, fill_value=0)).all()
    both = pd.concat([orders["sequence"], market.trades["sequence"]])
    assert both.is_unique


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("events", 99),
        ("lit_fraction", 0.99),
        ("lit_fraction", -0.1),
        ("securities", ()),
        ("securities", (5, 5)),
        ("securities", (0,)),
        ("securities", (2**31,)),
        ("dates", ()),
        ("dates", ("2024-10-05",)),
        ("dates", ("20241004",)),
        ("dates", ("2024-10-07", "2024-10-04")),
        ("dates", ("1999-12-31",)),
        ("dates", ("tomorrow",)),
        ("reloaded_orders", 101),
        ("compression", "zip"),
        ("files", "many"),
        ("slice_rows", 10),
    ],
)
def test_a_value_that_cannot_be_used_is_named(field, value):
    with pytest.raises(UsageError) as caught:
        MarketParameters(**{field: value})
    assert caught.value.where == field
    assert caught.value.exit_code == 2
    assert "accepted" in str(caught.value)
