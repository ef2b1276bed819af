"""Everything that the templates of the report name, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.choices import choices_of
from sweep_dask.analysis.metrics.fees import fees_of
from sweep_dask.report.adopters import adopters_content
from sweep_dask.report.answer import answer_content
from sweep_dask.report.arm_words import WORDS
from sweep_dask.report.checking import checking_content
from sweep_dask.report.comparison import comparison_content
from sweep_dask.report.distributions import distributions_content
from sweep_dask.report.example import example_content
from sweep_dask.report.fill_and_cost import fill_and_cost_content
from sweep_dask.report.gaps import gaps_content
from sweep_dask.report.ledger import ledger_content
from sweep_dask.report.matrices import matrices_content
from sweep_dask.report.opening import opening_content
from sweep_dask.report.replay_page import Replay, doubt, fidelity_content
from sweep_dask.report.rollups import without_tape
from sweep_dask.report.run import run_content
from sweep_dask.report.scenarios import scenarios_content
from sweep_dask.report.segments import segments_content
from sweep_dask.report.significance import significance_content
from sweep_dask.report.tape import has_tape
from sweep_dask.storage.manifest import THROUGH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.report.rollups import Rollups
    from sweep_dask.storage.layout import OutputLayout


def page_content(
    layout: OutputLayout,
    manifest: Mapping[str, Any],
    rollups: Rollups | None,
    score: Replay | None,
) -> dict[str, Any]:
    """What `page.html` and the sections that it includes name.

    Parameters
    ----------
    rollups
        None if the run left no roll-ups.
    """
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
        **example_content(layout, shown),
        **significance_content(shown),
        **scenarios_content(manifest, shown),
        **checking_content(manifest),
    }
