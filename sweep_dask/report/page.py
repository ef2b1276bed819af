"""The report: one self-contained HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.storage.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.storage.layout import OutputLayout


def write_report(layout: OutputLayout, manifest: Mapping[str, Any]) -> None:
    """Write `report.html` from the manifest and the combined tables."""
    write_text(layout.report, f"<title>sweep_dask</title><p>{manifest['status']}</p>")
