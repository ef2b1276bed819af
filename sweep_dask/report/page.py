"""The report: one self-contained HTML file that opens offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from jinja2 import UndefinedError

from sweep_dask.analysis.centre_point.choices import choices_of
from sweep_dask.analysis.data_checks.findings import SEVERITIES
from sweep_dask.analysis.metrics.records import fees_of
from sweep_dask.errors import InputError
from sweep_dask.report.answer import answer_content
from sweep_dask.report.choices import adopters_content, matrices_content
from sweep_dask.report.comparison import comparison_content, significance_content
from sweep_dask.report.distributions import distributions_content
from sweep_dask.report.example import example_content
from sweep_dask.report.gaps import gaps_content
from sweep_dask.report.ledger import ledger_content
from sweep_dask.report.measures import FILL_RATIO, MEASURES
from sweep_dask.report.rendering import render
from sweep_dask.report.replay_page import Replay, distrust, doubt, fidelity_content, score_of_run
from sweep_dask.report.rollups import Rollups, read_rollups, without_tape
from sweep_dask.report.run import run_content
from sweep_dask.report.scenarios import scenarios_content
from sweep_dask.report.segments import fill_and_cost_content, segments_content
from sweep_dask.report.subject import commands_of, has_tape, output_of, subject_of
from sweep_dask.report.wording import WORDS
from sweep_dask.storage.manifest import THROUGH
from sweep_dask.storage.tickers import participants_in, tickers_in
from sweep_dask.terms.dimensions import HEADLINE_POPULATION, POPULATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.storage.layout import OutputLayout


#: The roll-up without which there is nothing to show; one that a run did not list is of another.
_FIRST_ROLLUP = "tables/rollups/by_all.parquet"


def report_page(layout: OutputLayout, manifest: Mapping[str, Any]) -> str:
    """The text of `report.html`: from the manifest, the roll-ups and the score of the book.

    The page is a function of the folder: the same results give the same bytes. What it reads does
    not grow with the number of sweeps.

    Parameters
    ----------
    manifest
        As `manifest.json` holds it, with the tables among its files; its format number, digests
        and the report's own time are not used.

    Raises
    ------
    InputError
        A roll-up cannot be read, or does not say everything that is shown.
    """
    try:
        score = score_of_run(layout, manifest)
        content = page_content(layout, manifest, _read(layout, manifest), score)
        return render("page.html", content)
    except (KeyError, UndefinedError) as error:
        raise InputError(
            "The manifest or a roll-up does not say everything that the report shows.",
            where=str(layout.root),
            value=str(error),
            cure="Run the same version of sweep_dask that wrote the folder, or the run again.",
        ) from error


def _read(layout: OutputLayout, manifest: Mapping[str, Any]) -> Rollups | None:
    """The figures of a run; none if it was not through, or is of a version without roll-ups."""
    if manifest["status"] not in THROUGH or _FIRST_ROLLUP not in manifest["files"]:
        return None
    folder = layout.rollups
    try:
        return read_rollups(folder)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            "A roll-up cannot be read.",
            where=str(folder),
            value=str(error),
            cure="Run `sweep-dask verify` on the folder, then the run again.",
        ) from error


def page_content(
    layout: OutputLayout,
    manifest: Mapping[str, Any],
    rollups: Rollups | None,
    score: Replay | None,
) -> dict[str, Any]:
    """What `page.html` and the sections that it includes name, with or without roll-ups."""
    settings = manifest["settings"]
    values = {name: setting["value"] for name, setting in settings.items()}
    choices = choices_of(values)
    doubted = doubt(manifest, score)
    content: dict[str, Any] = {
        **opening_content(layout, manifest),
        **gaps_content(manifest, rollups, is_through=manifest["status"] in THROUGH),
        **fidelity_content(score),
        **ledger_content(manifest),
        **run_content(manifest, layout.resources_log),
        "words": WORDS,
        "fees": fees_of(values),
        "doubt": doubted,
        "distrust": None if doubted else distrust(manifest, score),
        "rollups": None,
    }
    if rollups is not None and any(row["n_sweeps"] for row in rollups.by_all):
        content |= _results(layout, manifest, rollups, choices, doubted)
    return content


def _results(
    layout: OutputLayout,
    manifest: Mapping[str, Any],
    rollups: Rollups,
    choices: Choices,
    doubted: str | None,
) -> dict[str, Any]:
    """What a run with sweeps found."""
    is_taped = has_tape(manifest)
    shown = rollups if is_taped else without_tape(rollups)
    return {
        "rollups": shown,
        "arms": [arm.name for arm in shown.arms],
        **answer_content(shown, choices, doubted, has_tape=is_taped),
        **matrices_content(shown, choices),
        **adopters_content(shown, choices),
        **fill_and_cost_content(shown),
        **comparison_content(shown),
        **distributions_content(shown),
        **segments_content(shown),
        **example_content(layout, shown, manifest),
        **significance_content(shown),
        **scenarios_content(manifest, shown),
        **checking_content(manifest),
    }


#: Longest lists on the page; what is left out is counted there. Arbitrary, a page for people.
_MOST_FAILED = 100
_MOST_CHECKS = 10


def opening_content(layout: OutputLayout, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What `opening.html` names."""
    partitions = manifest["partitions"]
    return {
        "run": manifest,
        "subject": subject_of(
            manifest,
            partitions,
            tickers_in(layout, partitions),
            participants_in(layout, {entry["date"] for entry in partitions}),
        ),
        "title": "Sweep orders: what filled, and what would have",
        "commands": commands_of(manifest),
        "models": manifest["settings"]["models"]["value"],
        "checks": checks(manifest),
        "most_checks": _MOST_CHECKS,
        "failed": [entry for entry in partitions if entry["state"] == "failed"],
        "most_failed": _MOST_FAILED,
    }


def checks(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What was found out about the inputs of all runs the folder holds results of, each once."""
    checks: list[Mapping[str, Any]] = []
    for run in (manifest, *manifest.get("earlier_runs", ())):
        checks += [check for check in run.get("checks", ()) if check not in checks]
    return sorted(checks, key=lambda check: SEVERITIES.index(check["severity"]))


def checking_content(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What `checking.html` names."""
    return {"measures": MEASURES, "query": query_of(output_of(manifest))}


def query_of(output: str) -> str:
    """One number of every arm, for DuckDB in the folder that the run was started in."""
    files = f"{output}/tables/sweep_metrics.parquet/*.parquet".replace("'", "''")
    return (
        f"SELECT coalesce(scenario, model) AS arm, {FILL_RATIO.sql} AS fill_ratio\n"
        f"FROM '{files}' WHERE {POPULATIONS[HEADLINE_POPULATION].query} GROUP BY ALL;"
    )
