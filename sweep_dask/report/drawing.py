"""What the charts share: one style, and drawings that are the same for the same numbers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from bokeh.document import Document
from bokeh.embed import json_item
from bokeh.plotting import figure
from bokeh.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The two books, told apart by lightness too.
DARK_COLOUR = "#2F4B7C"
LIT_COLOUR = "#F0C75E"

#: A drawing as Bokeh's script takes it.
Drawing = dict[str, Any]

_HEIGHT_PIXELS = 300


def bokeh_script() -> str:
    """Bokeh's own script, whole, so that the page needs no network."""
    return "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)


def new_figure(**properties: Any) -> figure:
    """An empty chart as wide as its place."""
    chart = figure(
        **({"height": _HEIGHT_PIXELS} | properties),
        sizing_mode="stretch_width",
        tools="",
        toolbar_location=None,
    )
    chart.outline_line_color = None
    chart.grid.grid_line_color = "#e6e9ed"
    chart.axis.axis_line_color = "#9aa4ae"
    chart.axis.major_tick_line_color = "#9aa4ae"
    chart.axis.minor_tick_line_color = None
    chart.axis.axis_label_text_font_style = "normal"
    return chart


def drawing(chart: figure, legend_columns: int = 3, label_pixels: int = 92) -> Drawing:
    """The finished chart, its legend above it; half a page has room for three columns."""
    if chart.legend:
        legend = chart.legend[0]
        legend.update(
            orientation="horizontal", location="left", border_line_width=0, ncols=legend_columns
        )
        legend.update(
            spacing=2, padding=0, margin=4, label_text_font_size="12px", label_width=label_pixels
        )
        chart.add_layout(legend, "above")
    # Without a document of its own Bokeh begins with the current one, which is the whole process's:
    # a dashboard page that fails leaves one behind that cannot be used any more.
    Document().add_root(chart)
    item: Drawing = json.loads(_with_own_ids(json.dumps(json_item(chart))))
    return item


def floats(values: Iterable[float | None]) -> list[float]:
    """Floats, NaN where there is none: JavaScript has no integers beyond 2**53."""
    return [float("nan") if value is None else float(value) for value in values]


def _with_own_ids(document: str) -> str:
    """Number Bokeh's ids from 1: its own count goes on from chart to chart of a process.

    Two reports of the same results are then the same bytes.
    """
    numbers: dict[str, str] = {}
    return re.sub(
        r'"p\d+"', lambda found: numbers.setdefault(found[0], f'"p{len(numbers) + 1}"'), document
    )
