"""Everything that the templates of the report name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from sweep_dask.analysis.centre_point.choices import choices_of
from sweep_dask.analysis.centre_point.scenarios import ASSUMPTIONS, SCENARIOS
from sweep_dask.analysis.metrics.fees import fees_of
from sweep_dask.report import charts, run_facts
from sweep_dask.report.agreement import comparison_content, pairs_of
from sweep_dask.report.answer import answer_content
from sweep_dask.report.distributions import box_panels
from sweep_dask.report.drawing import bokeh_script
from sweep_dask.report.effects import FILL_RATIO, METRICS, SHORTFALL
from sweep_dask.report.example import Example, read_example
from sweep_dask.report.gaps import gaps
from sweep_dask.report.levels import among_adopters_curves, effect_curves
from sweep_dask.report.line_tables import (
    BY_LINE,
    fill_and_cost,
    population_rows,
    segment_tables,
)
from sweep_dask.report.line_words import WORDS
from sweep_dask.report.measures import MEASURES, POPULATION_SQL
from sweep_dask.report.replay_page import Replay, doubt, fidelity_content
from sweep_dask.report.resources import Resources, read_resources
from sweep_dask.report.rollups import without_tape
from sweep_dask.report.significance import test_rows
from sweep_dask.report.sweep_reasons import left_out_rows, unfilled_rows
from sweep_dask.report.tape import has_tape
from sweep_dask.report.time_charts import example_chart, resources_chart
from sweep_dask.report.verdicts import ANSWERING
from sweep_dask.storage.manifest import THROUGH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.report.drawing import Drawing
    from sweep_dask.report.line_tables import SegmentTable
    from sweep_dask.report.rollups import Rollups
    from sweep_dask.storage.layout import OutputLayout

#: Longest lists on the page; what is left out is counted there. Arbitrary, a page for people.
MOST = {"partitions": 50, "failed": 100, "files": 200, "warnings": 100, "checks": 10}

#: Metrics of which the whole distribution is drawn.
_DISTRIBUTED = (FILL_RATIO, SHORTFALL)
#: Kinds of segments that are drawn; the others are tables only.
_DRAWN = ("hour", "size")


def page_content(
    layout: OutputLayout,
    manifest: Mapping[str, Any],
    found: Rollups | None,
    score: Replay | None,
) -> dict[str, Any]:
    """What `page.html` and the sections that it includes name.

    Parameters
    ----------
    found
        None if the run left no roll-ups.
    """
    settings = manifest["settings"]
    values = {name: setting["value"] for name, setting in settings.items()}
    asked = choices_of(values)
    has_sweeps = found is not None and any(row["n_sweeps"] for row in found.by_all)
    used = read_resources(layout.resources_log)
    is_taped = has_tape(manifest)
    results: dict[str, Any] = {"found": None, "drawings": {}}
    doubted = doubt(manifest, score)
    if has_sweeps and found is not None:
        shown = found if is_taped else without_tape(found)
        results = _results(layout, shown, asked, doubted, is_taped=is_taped)
    drawings = results["drawings"] | _resource_drawings(used)
    ledger = run_facts.ledger_lines(manifest)
    return {
        "run": manifest,
        "models": settings["models"]["value"],
        "fees": fees_of(values),
        "checks": run_facts.checks(manifest),
        "words": WORDS,
        **results,
        **fidelity_content(score),
        "doubt": doubted,
        "gaps": gaps(manifest, found, is_through=manifest["status"] in THROUGH),
        "meanings": SCENARIOS,
        "assumptions": manifest.get("assumptions") or ASSUMPTIONS,
        "left_out": left_out_rows(manifest),
        "partitions": run_facts.largest_partitions(manifest, MOST["partitions"]),
        "counted": run_facts.counted,
        "failed": [p for p in manifest["partitions"] if p["state"] == "failed"],
        "ledger": ledger,
        "tables": run_facts.table_lines(ledger),
        "reasons_of_rows": run_facts.reasons(ledger),
        "settings": run_facts.setting_lines(manifest),
        "used": used,
        "most": MOST,
        "drawings": drawings,
        # Bokeh's, not the input's.
        "bokeh_script": Markup(bokeh_script()) if drawings else "",  # noqa: S704
    }


def _results(
    layout: OutputLayout, found: Rollups, asked: Choices, doubted: str | None, *, is_taped: bool
) -> dict[str, Any]:
    """What a run with sweeps found, and the charts of it."""
    tables = segment_tables(found)
    example, why_no_example = read_example(layout, found.example, found.lines)
    return {
        "found": found,
        "lines": [line.name for line in found.lines],
        "scenarios": [line.name for line in found.lines if line.scenario],
        **answer_content(found, asked, doubted, has_tape=is_taped),
        "fill_and_cost": fill_and_cost(found),
        "populations": population_rows(found),
        "by_line": BY_LINE,
        "measures": MEASURES,
        "population_sql": POPULATION_SQL,
        **comparison_content(found),
        "box_panels": box_panels(found),
        "segment_tables": tables,
        "example": example,
        "why_no_example": why_no_example,
        "tests": test_rows(found, pairs_of(found)),
        "unfilled": unfilled_rows(found),
        "drawings": ({} if doubted else _choice_drawings(found, asked))
        | _drawings(found, tables, example),
    }


def _choice_drawings(found: Rollups, asked: Choices) -> dict[str, Drawing]:
    """Of what more adopters change: a part of the answer."""
    drawn: dict[str, Drawing | None] = {}
    for metric in ANSWERING:
        curves = effect_curves(found, asked, metric)
        drawn[f"adopters-{metric}"] = charts.adopters_chart(curves, METRICS[metric].axis)
    among = among_adopters_curves(found, asked)
    drawn["adopters-among"] = charts.adopters_chart(among, "% among each other")
    return {place: drawing for place, drawing in drawn.items() if drawing}


def _drawings(
    found: Rollups, tables: list[SegmentTable], example: Example | None
) -> dict[str, Drawing]:
    """By the id of their place on the page; only those with something to draw."""
    drawn: dict[str, Drawing | None] = {}
    if fill_and_cost(found):
        drawn["filled-by-venue"] = charts.venue_chart(found)
    for metric in _DISTRIBUTED:
        drawn[f"distribution-{metric}"] = charts.distribution_chart(found, metric)
    for table in tables:
        if table.dimension in _DRAWN:
            for measure in BY_LINE:
                place = f"{table.dimension}-{measure.name}"
                drawn[place] = charts.segment_chart(table, found.lines, measure)
    if example is not None:
        drawn["example-sweep"] = example_chart(example)
    return {place: drawing for place, drawing in drawn.items() if drawing}


def _resource_drawings(used: Resources | None) -> dict[str, Drawing]:
    if used is None:
        return {}
    return {
        f"resources-{column}": resources_chart(used, column)
        for column in ("rss_mib", "cpu_percent")
    }
