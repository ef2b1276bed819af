"""The report: one self-contained HTML file that opens offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from jinja2 import UndefinedError

from sweep_dask.errors import InputError
from sweep_dask.report.content import page_content
from sweep_dask.report.rendering import render
from sweep_dask.report.replay_page import score_of_run
from sweep_dask.report.rollups import Rollups, read_rollups
from sweep_dask.storage.manifest import THROUGH

if TYPE_CHECKING:
    from collections.abc import Mapping

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
            cure="Run `sweep_dask verify` on the folder, then the run again.",
        ) from error
