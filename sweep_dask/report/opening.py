"""The first screen: what the page is about, how the run ended, what is odd about its input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.data_checks.findings import SEVERITIES
from sweep_dask.report.commands import commands_of
from sweep_dask.report.subject import subject_of, tickers_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.storage.layout import OutputLayout

#: Longest lists on the page; what is left out is counted there. Arbitrary, a page for people.
_MOST_FAILED = 100
_MOST_CHECKS = 10


def opening_content(layout: OutputLayout, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What `opening.html` names."""
    partitions = manifest["partitions"]
    return {
        "run": manifest,
        "subject": subject_of(manifest, partitions, tickers_in(layout, partitions)),
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
