"""The report: one self-contained HTML file that opens offline."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from jinja2 import Environment, StrictUndefined, UndefinedError
from markupsafe import Markup

from sweep_dask.analysis.time_priority import MODEL
from sweep_dask.errors import InputError
from sweep_dask.report import run_facts, wording
from sweep_dask.report.charts import bokeh_script, fill_ratio_chart, matched_quantity_chart
from sweep_dask.report.gaps import gaps
from sweep_dask.report.outcomes import Comparison, read_comparison
from sweep_dask.report.significance import TestedMetric, read_tested_metrics
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


def write_report(layout: OutputLayout, manifest: Mapping[str, Any]) -> None:
    """Write `report.html` from the manifest and the combined tables.

    The page is a function of both: the same results give the same bytes.

    Parameters
    ----------
    manifest
        As `manifest.json` holds it; its format number, digests and the report's own time are not
        used.

    Raises
    ------
    InputError
        A combined table cannot be read.
    """
    comparison, tests = _results(layout, manifest)
    page = _environment().from_string(_text("page.html"))
    write_text(layout.report, page.render(_content(manifest, comparison, tests)))


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


def _results(
    layout: OutputLayout, manifest: Mapping[str, Any]
) -> tuple[Comparison | None, list[TestedMetric]]:
    """The figures; None and nothing if the run was not through: older tables may lie there."""
    if manifest["status"] not in THROUGH:
        return None, []
    try:
        return (
            read_comparison(layout.tables / "sweep_order_comparison.parquet"),
            read_tested_metrics(layout.tables / "sweep_statistical_tests.parquet"),
        )
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            "A combined table cannot be read.",
            where=str(layout.tables),
            value=str(error),
            cure="Run `sweep_dask verify` on the folder, then the run again.",
        ) from error


def _content(
    manifest: Mapping[str, Any], comparison: Comparison | None, tests: list[TestedMetric]
) -> dict[str, Any]:
    """Everything the template names."""
    ledger = run_facts.ledger_lines(manifest)
    partitions = run_facts.largest_partitions(manifest, MOST_PARTITIONS)
    return {
        "run": manifest,
        "model": MODEL,
        "comparison": comparison if comparison and comparison.total.sweeps else None,
        "tests": tests,
        "gaps": gaps(manifest, comparison),
        "partitions": [(partition, _outcome(comparison, partition)) for partition in partitions],
        "failed": [p for p in manifest["partitions"] if p["state"] == "failed"],
        "ledger": ledger,
        "tables": run_facts.table_lines(ledger),
        "reasons": run_facts.reasons(ledger),
        "settings": run_facts.setting_lines(manifest),
        "charts": _charts(comparison),
        "most_partitions": MOST_PARTITIONS,
        "most_failed": MOST_FAILED,
        "most_files": MOST_FILES,
        "most_warnings": MOST_WARNINGS,
        "css": Markup(_text("page.css")),  # noqa: S704 - ours, not the input's
    }


def _outcome(comparison: Comparison | None, partition: Mapping[str, Any]) -> object:
    if comparison is None:
        return None
    return comparison.partition(partition["date"], partition["security"])


def _charts(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None or comparison.total.sweeps == 0:
        return None
    return {
        "script": Markup(bokeh_script()),  # noqa: S704 - Bokeh's, not the input's
        "drawings": {
            "matched-quantity": matched_quantity_chart(comparison.groups),
            "fill-ratio": fill_ratio_chart(comparison.fill_ratios),
        },
    }


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(wording.FILTERS)
    # Bokeh reads a drawing in its own order: a model is defined where it is first named.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    return environment


def _text(name: str) -> str:
    return files("sweep_dask.report").joinpath(name).read_text(encoding="utf-8")
