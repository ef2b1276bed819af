"""The card of a run: the answer in brief, and none where nobody knows what really filled."""

import pandas as pd
from drawn_market import drawn_market
from report_folders import LEDGER, Page
from rollup_folders import make_answer_folder

from sweep_dask.report.cards import arm_summary, run_card


def card(root, **changes):
    layout, manifest = make_answer_folder(root, drawn_market(40), **changes)
    arms = arm_summary(pd.read_parquet(layout.rollups / "by_all.parquet"))
    return arms, Page(run_card(manifest, arms, layout.report, None))


def test_both_shortfalls_of_every_line(tmp_path):
    arms, page = card(tmp_path / "out")
    [rows] = page.tables.values()
    shown = {cells[0]: cells[5:7] for cells, has_data in rows if has_data}
    for name in arms.index:
        means = arms.loc[
            name, ["implementation_shortfall_bps_mean", "completed_shortfall_bps_mean"]
        ]
        assert shown[name] == [f"{mean:.2f}".replace("-", "\u2212") for mean in means]
    assert "What really filled is not in the input" not in page.text


def test_without_a_tape_only_simulations(tmp_path):
    _, page = card(tmp_path / "out", ledger=LEDGER[:1])
    [rows] = page.tables.values()
    names = [cells[0] for cells, has_data in rows if has_data]
    assert names == ["as-entered", "dual-post", "rest-dark", "dark-only"]
    assert "What really filled is not in the input" in page.text
