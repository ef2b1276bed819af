"""Output folders with a sweep table and its roll-ups, for the tests of the report."""

from __future__ import annotations

import pandas as pd
from drawn_choices import drawn_choices
from drawn_market import drawn_market
from framed import to_table
from replay_folders import make_score_of_run
from report_folders import make_manifest
from rolled_up import write_rollups_of

from sweep_dask.dataflow.cluster import HERE
from sweep_dask.storage.atomic import file_digest, write_bytes, write_json
from sweep_dask.storage.frames import parquet_bytes
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import write_manifest
from sweep_dask.terms.arms import ARMS


def make_answer_folder(root, market=None, with_choices=True, **changes):
    """Write the sweeps, their roll-ups and a manifest; returns the layout and the manifest."""
    layout = OutputLayout(root)
    market = drawn_market(60) if market is None else market
    frame = pd.concat(market.values(), ignore_index=True)
    frame = frame.sort_values(["date", "security"], kind="stable", ignore_index=True)
    layout.tables.mkdir(parents=True)
    write_bytes(
        layout.tables / "sweep_metrics.parquet", parquet_bytes(to_table(frame), "sweep_metrics")
    )
    choices = drawn_choices(market) if with_choices else None
    path = None if choices is None else layout.tables / "sensitivity.parquet"
    if path is not None:
        write_bytes(path, parquet_bytes(choices, "sensitivity"))
    write_rollups_of(HERE, layout, [layout.tables / "sweep_metrics.parquet"], list(market), path)
    return layout, _manifest(layout, market, changes)


def make_empty_folder(root, arms=ARMS, **changes):
    """The folder of a run without sweeps."""
    market = {arm: frame[:0] for arm, frame in drawn_market(10, arms=arms).items()}
    return make_answer_folder(root, market, **changes)


def _manifest(layout, market, changes):
    files = {layout.relative(path): file_digest(path) for path in layout.tables.rglob("*.parquet")}
    if any(arm.scenario for arm in market):
        write_json(layout.fidelity, make_score_of_run())
        files[layout.relative(layout.fidelity)] = file_digest(layout.fidelity)
    manifest = make_manifest() | {"files": files} | changes
    models = dict.fromkeys("centre-point" if arm.scenario else arm.model for arm in market)
    manifest["settings"]["models"]["value"] = [name for name in models if name != "tape"]
    manifest["counts"]["matches"] = 1
    manifest["scenarios"] = {arm.name: {"sweeps": 1} for arm in market if arm.scenario}
    write_manifest(layout, manifest)
    return manifest
