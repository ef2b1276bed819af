"""The charts of the report, as JSON that Bokeh's script draws in the browser."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from bokeh.embed import json_item
from bokeh.models import (
    ColumnDataSource,
    DataRange1d,
    FactorRange,
    HoverTool,
    NumeralTickFormatter,
)
from bokeh.plotting import figure
from bokeh.resources import Resources
from bokeh.transform import dodge

from sweep_dask.report.side_by_side import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.report.outcomes import FillRatios, Outcome
    from sweep_dask.report.side_by_side import SideBySide

#: Told apart by colour-blind readers too (Okabe and Ito, "Color Universal Design", 2008), and by
#: their lightness in black and white.
REAL_COLOUR = "#0072B2"
SIMULATED_COLOUR = "#E69F00"
#: The same way, for the two books.
DARK_COLOUR = "#2F4B7C"
LIT_COLOUR = "#F0C75E"

_HEIGHT_PIXELS = 320
_BAR_WIDTH = 0.36


def bokeh_script() -> str:
    """Bokeh's own script, whole, so that the page needs no network."""
    return "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)


def matched_quantity_chart(groups: Mapping[str, Outcome]) -> dict[str, Any]:
    """Bars of the real and the simulated matched quantity of each group."""
    # Floats: JavaScript has no other numbers, and Bokeh warns of integers beyond 2**53.
    source = ColumnDataSource(
        {
            "group": list(groups),
            "real": [float(outcome.real_matched) for outcome in groups.values()],
            "simulated": [float(outcome.simulated_matched) for outcome in groups.values()],
        }
    )
    chart = _figure(
        x_range=FactorRange(factors=list(groups)),
        y_range=DataRange1d(start=0),
        y_axis_label="shares matched",
    )
    for name, colour, shift in (("real", REAL_COLOUR, -0.2), ("simulated", SIMULATED_COLOUR, 0.2)):
        bars = chart.vbar(
            x=dodge("group", shift, range=chart.x_range),
            top=name,
            width=_BAR_WIDTH,
            source=source,
            color=colour,
            legend_label=name,
        )
        tip = [("", f"@group, {name}"), ("shares", f"@{name}{{0,0}}")]
        chart.add_tools(HoverTool(renderers=[bars], tooltips=tip))
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0")
    chart.xgrid.visible = False
    return _as_json(chart)


def venue_chart(sweeps: SideBySide) -> dict[str, Any]:
    """Bars of the quantity filled in the dark and in the lit book, a line for what really was."""
    lines = {LABELS[name]: line for name, line in sweeps.lines.items()}
    source = ColumnDataSource(
        {
            "line": list(lines),
            "dark": [float(line.dark) for line in lines.values()],
            "lit": [float(line.lit) for line in lines.values()],
        }
    )
    chart = _figure(
        y_range=FactorRange(factors=list(lines)[::-1]),
        x_range=DataRange1d(start=0),
        x_axis_label="shares filled",
    )
    bars = chart.hbar_stack(
        ["dark", "lit"],
        y="line",
        height=0.62,
        source=source,
        color=[DARK_COLOUR, LIT_COLOUR],
        line_width=0,
        legend_label=["in the dark", "in the lit book"],
    )
    tip = [("", "@line"), ("in the dark", "@dark{0,0}"), ("in the lit book", "@lit{0,0}")]
    chart.add_tools(HoverTool(renderers=[*bars], tooltips=tip))
    chart.vspan(x=[float(sweeps.tape.filled)], line_color="black", line_dash="dashed")
    chart.xaxis.formatter = NumeralTickFormatter(format="0,0")
    chart.ygrid.visible = False
    return _as_json(chart)


def fill_ratio_chart(ratios: FillRatios) -> dict[str, Any]:
    """Cumulative distribution of the real and the simulated fill ratio."""
    chart = _figure(
        x_range=(0, 1.03),
        y_range=(0, 1.02),
        x_axis_label="fill ratio",
        y_axis_label="share of sweeps",
    )
    for name, colour, dash in (
        ("real", REAL_COLOUR, "solid"),
        ("simulated", SIMULATED_COLOUR, "dashed"),
    ):
        source = ColumnDataSource({"ratio": ratios.at_most, "share": getattr(ratios, name)})
        line = chart.step(
            x="ratio",
            y="share",
            mode="after",
            source=source,
            color=colour,
            line_dash=dash,
            line_width=3,
            legend_label=name,
        )
        tip = [("", name), ("filled at most", "@ratio{0%}"), ("sweeps", "@share{0.0%}")]
        chart.add_tools(HoverTool(renderers=[line], tooltips=tip))
    chart.xaxis.formatter = NumeralTickFormatter(format="0%")
    chart.yaxis.formatter = NumeralTickFormatter(format="0%")
    return _as_json(chart)


def _figure(**properties: Any) -> figure:
    return figure(
        height=_HEIGHT_PIXELS,
        sizing_mode="stretch_width",
        tools="",
        toolbar_location=None,
        **properties,
    )


def _as_json(chart: figure) -> dict[str, Any]:
    legend = chart.legend[0]
    legend.update(orientation="horizontal", location="left", spacing=24, border_line_width=0)
    chart.add_layout(legend, "above")
    chart.axis.axis_label_text_font_style = "normal"
    item: dict[str, Any] = json.loads(_with_own_ids(json.dumps(json_item(chart))))
    return item


def _with_own_ids(document: str) -> str:
    """Number Bokeh's ids from 1: its own count goes on from chart to chart of a process.

    Two reports of the same results are then the same bytes.
    """
    numbers: dict[str, str] = {}
    return re.sub(
        r'"p\d+"', lambda found: numbers.setdefault(found[0], f'"p{len(numbers) + 1}"'), document
    )
