"""The report: one self-contained HTML file that opens offline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from jinja2 import UndefinedError
from markupsafe import Markup

from sweep_dask.analysis.centre_point.scenarios import ASSUMPTIONS, SCENARIOS
from sweep_dask.errors import InputError
from sweep_dask.report import run_facts
from sweep_dask.report.charts import (
    bokeh_script,
    fill_ratio_chart,
    matched_quantity_chart,
    venue_chart,
)
from sweep_dask.report.gaps import gaps
from sweep_dask.report.outcomes import Comparison, read_comparison
from sweep_dask.report.rendering import render
from sweep_dask.report.replay_page import Replay, fidelity_content, read_replay
from sweep_dask.report.side_by_side import LABELS, SideBySide, read_side_by_side
from sweep_dask.report.significance import TestedMetric, read_tested_metrics
from sweep_dask.report.sweep_reasons import read_left_out, unfilled_reasons
from sweep_dask.storage.atomic import file_digest, write_text
from sweep_dask.storage.manifest import THROUGH, read_manifest, replace_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

#: Longest lists on the page; what is left out is counted there. Arbitrary, a page for people.
MOST_PARTITIONS = 50
MOST_FAILED = 100
MOST_FILES = 200
MOST_WARNINGS = 100


@dataclass(frozen=True)
class _Results:
    """What the combined tables hold; None for a model that was not run."""

    sweeps: SideBySide | None = None
    left_out: list[tuple[str, int, str]] = field(default_factory=list)
    comparison: Comparison | None = None
    tests: list[TestedMetric] = field(default_factory=list)

    @property
    def shown_sweeps(self) -> SideBySide | None:
        """None also if no sweep can be compared."""
        return self.sweeps if self.sweeps and self.sweeps.compared else None

    @property
    def shown_comparison(self) -> Comparison | None:
        """None also without sweeps."""
        return self.comparison if self.comparison and self.comparison.total.sweeps else None


def write_report(layout: OutputLayout, manifest: Mapping[str, Any]) -> None:
    """Write `report.html` from the manifest, the combined tables and the replay, if there is one.

    The page is a function of these: the same results give the same bytes.

    Parameters
    ----------
    manifest
        As `manifest.json` holds it, with the tables among its files; its format number, digests
        and the report's own time are not used.

    Raises
    ------
    InputError
        A combined table cannot be read.
    """
    replay = read_replay(layout.root / "replay")
    content = _content(manifest, _read(layout, manifest), replay)
    write_text(layout.report, render("page.html", content))


def rebuild_report(layout: OutputLayout) -> Path:
    """Write the report of an output folder again, and its digest into the manifest.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    InputError
        The manifest or a combined table is missing or cannot be read.
    """
    manifest = read_manifest(layout)
    try:
        write_report(layout, manifest)
    except (KeyError, UndefinedError) as error:
        raise InputError(
            "The manifest does not say everything that the report shows.",
            where=str(layout.manifest),
            value=str(error),
            cure="Run the same version of sweep_dask that wrote the folder, or the run again.",
        ) from error
    files = manifest["files"] | {layout.relative(layout.report): file_digest(layout.report)}
    replace_manifest(layout, manifest | {"files": dict(sorted(files.items()))})
    return layout.report


def _read(layout: OutputLayout, manifest: Mapping[str, Any]) -> _Results:
    """The figures of a run; none if it was not through: older tables may lie there."""
    if manifest["status"] not in THROUGH:
        return _Results()
    tables = layout.tables
    has_sweeps = _has(manifest, "centre_point_order_summary")
    has_comparison = _has(manifest, "sweep_order_comparison")
    try:
        return _Results(
            sweeps=read_side_by_side(tables, with_time_priority=has_comparison)
            if has_sweeps
            else None,
            left_out=read_left_out(tables / "centre_point_left_out.parquet")
            if _has(manifest, "centre_point_left_out")
            else [],
            comparison=read_comparison(tables / "sweep_order_comparison.parquet")
            if has_comparison
            else None,
            tests=read_tested_metrics(tables / "sweep_statistical_tests.parquet")
            if has_comparison
            else [],
        )
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            "A combined table cannot be read.",
            where=str(tables),
            value=str(error),
            cure="Run `sweep_dask verify` on the folder, then the run again.",
        ) from error


def _has(manifest: Mapping[str, Any], table: str) -> bool:
    """Whether the run wrote a table; one that it did not list is of an earlier run."""
    return f"tables/{table}.parquet" in manifest["files"]


def _content(
    manifest: Mapping[str, Any], results: _Results, replay: Replay | None
) -> dict[str, Any]:
    """Everything the templates name."""
    ledger = run_facts.ledger_lines(manifest)
    partitions = run_facts.largest_partitions(manifest, MOST_PARTITIONS)
    sweeps, comparison = results.shown_sweeps, results.shown_comparison
    return {
        "run": manifest,
        "models": manifest["settings"]["models"]["value"],
        "sweeps": sweeps,
        **({} if sweeps is None else _scenario_content(manifest, results, sweeps)),
        **fidelity_content(replay),
        "comparison": comparison,
        "has_time_priority": results.sweeps is None or results.comparison is not None,
        "tests": results.tests,
        "gaps": gaps(manifest, results.comparison, results.sweeps),
        "partitions": [
            (partition, _outcome(results.comparison, partition)) for partition in partitions
        ],
        "failed": [p for p in manifest["partitions"] if p["state"] == "failed"],
        "ledger": ledger,
        "tables": run_facts.table_lines(ledger),
        "reasons_of_rows": run_facts.reasons(ledger),
        "settings": run_facts.setting_lines(manifest),
        "charts": _charts(sweeps, comparison),
        "most_partitions": MOST_PARTITIONS,
        "most_failed": MOST_FAILED,
        "most_files": MOST_FILES,
        "most_warnings": MOST_WARNINGS,
    }


def _scenario_content(
    manifest: Mapping[str, Any], results: _Results, sweeps: SideBySide
) -> dict[str, Any]:
    return {
        "labels": LABELS,
        "meanings": SCENARIOS,
        "assumptions": manifest.get("assumptions") or ASSUMPTIONS,
        "unfilled_reasons": unfilled_reasons(sweeps.reasons),
        "left_out": results.left_out,
    }


def _outcome(comparison: Comparison | None, partition: Mapping[str, Any]) -> object:
    if comparison is None:
        return None
    return comparison.partition(partition["date"], partition["security"])


def _charts(sweeps: SideBySide | None, comparison: Comparison | None) -> dict[str, Any] | None:
    drawings = {}
    if sweeps is not None:
        drawings["filled-by-venue"] = venue_chart(sweeps)
    if comparison is not None:
        drawings["matched-quantity"] = matched_quantity_chart(comparison.groups)
        drawings["fill-ratio"] = fill_ratio_chart(comparison.fill_ratios)
    if not drawings:
        return None
    script = Markup(bokeh_script())  # noqa: S704 - Bokeh's, not the input's
    return {"script": script, "drawings": drawings}
