"""An input in other units and behind another delimiter gives the bytes of the original one."""

from __future__ import annotations

import pytest
from rewritten import divided, iso_times, rewrite
from running import result_files, run_here

from sweep_dask.sample import sample_market_path

TABLES = ("orders", "trades", "nbbo", "session", "reference", "participants")


@pytest.mark.slow
def test_semicolons_dollars_and_iso_times(tmp_path):
    in_dollars = divided(3)
    folder = rewrite(
        sample_market_path(),
        tmp_path / "converted",
        cell=lambda column, text: in_dollars(column, iso_times(column, text)),
        delimiter=";",
    )
    first = (folder / "orders/orders.csv").read_text(encoding="utf-8").splitlines()[1]
    assert "+1000;" in first
    options = {"enable_parallel": False, "models": "time-priority"}
    expected = run_here(sample_market_path(), tmp_path / "expected", **options)
    found = run_here(
        folder,
        tmp_path / "found",
        units={name: {"time": "iso", "price": "dollar"} for name in TABLES},
        delimiter=";",
        blocksize=65_536,
        **options,
    )
    assert result_files(found.output) == result_files(expected.output)
    assert found.record.ledger.total().kept == expected.record.ledger.total().kept > 10_000
