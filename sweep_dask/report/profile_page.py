"""The first page of a profile: seconds by stage, memory over time, and the way to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.report.rendering import render
from sweep_dask.report.run import run_content
from sweep_dask.report.subject import subject_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.storage.layout import OutputLayout

#: What the other pages are.
_PAGES = {
    "flame.html": "Flame graph: which functions the time went into",
    "dask.html": "Dask's performance report: task stream, workers, profile",
    "profile.pstats": "Python's profile, for pstats and the programs that draw it",
}


def profile_page(layout: OutputLayout, manifest: Mapping[str, Any]) -> str:
    """The text of `logs/profile/index.html`, from the manifest, the resource log and what is there.

    Parameters
    ----------
    layout
        Of the folder in which the logs lie.
    """
    there = {name: what for name, what in _PAGES.items() if (layout.profile / name).exists()}
    return render(
        "profile.html",
        {
            **run_content(manifest, layout.resources_log),
            "subject": subject_of(manifest, manifest["partitions"]),
            "pages": there,
        },
    )
