"""The table and the chart of sequential and parallel runs, from runs made up."""

from __future__ import annotations

from argparse import Namespace
from xml.etree import ElementTree as ET

import pytest
from running import ROOT

MIB = 1024**2


@pytest.fixture
def bench_scaling(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import bench_scaling

    return bench_scaling


@pytest.fixture
def runs(bench_scaling):
    def run(seconds, ingest_seconds=1.0, peak_mib=400):
        manifest = {
            "stages": [{"name": "ingest", "seconds": ingest_seconds}],
            "peak_memory": {"largest_process_bytes": peak_mib * MIB},
            "ledger": [{"table": "orders", "kept": 1200}, {"table": "trades", "kept": 7}],
        }
        return bench_scaling.Run(seconds, manifest)

    return {
        "sequential": [run(20), run(30), run(21)],
        "2 workers": [run(14), run(10), run(12, 2.0, 500)],
        "chunks of 1,000 rows": [run(15, 3.0), run(15, 4.0), run(15, 5.0)],
        "chunks of 50,000 rows": [run(14, 2.0), run(14, 2.0), run(14, 2.0)],
    }


def test_speeds_are_ratios_of_medians(bench_scaling, runs):
    told = bench_scaling.described(runs, Namespace(securities=2, model=[], runs=3))
    assert "1,200 Centre Point rows" in told
    assert "| sequential | 1.00 | 1.00 to 1.00 | 21.0 s | 1.0 s | 400 MiB |" in told
    # 21 / 12; in rounds 20 / 14, 30 / 10 and 21 / 12.
    assert "| 2 workers | 1.75 | 1.43 to 3.00 | 12.0 s | 1.0 s | 500 MiB |" in told
    assert "| chunks of 1,000 rows | 1.40 | 1.33 to 2.00 | 15.0 s | 4.0 s | 400 MiB |" in told


def test_the_chart_names_all_settings_and_is_the_same_again(bench_scaling, runs, tmp_path):
    pytest.importorskip("matplotlib")
    charts = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for chart in charts:
        bench_scaling.draw(runs, chart)
    first, second = (chart.read_bytes() for chart in charts)
    assert first == second
    ET.fromstring(first)
    for text in (b"sequential", b"2 workers", b"50,000", b"1.75"):
        assert b"<!-- " + text + b" -->" in first


def test_the_page_has_a_place_for_the_table(bench_scaling):
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    assert len(bench_scaling.PLACE.findall(page)) == 1
