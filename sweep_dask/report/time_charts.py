"""Charts over time: one sweep with its quotes and fills, and what the run used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    DataRange1d,
    DatetimeTickFormatter,
    HoverTool,
    NumeralTickFormatter,
)
from bokeh.palettes import Category10

from sweep_dask.report.drawing import Drawing, drawing, new_figure
from sweep_dask.report.line_words import WORDS
from sweep_dask.report.resources import MOST_PROCESSES

if TYPE_CHECKING:
    from bokeh.plotting import figure
    from numpy.typing import NDArray

    from sweep_dask.analysis.tables import IntArray
    from sweep_dask.report.example import Example, Fills
    from sweep_dask.report.resources import Resources

_BAND_COLOUR = "#d6e4f0"
_MIDPOINT_COLOUR = "#6b7a89"
_LIMIT_COLOUR = "#b3261e"


def example_chart(example: Example) -> Drawing:
    """Bid, midpoint and offer, the limit, and the fills of both lines on one time axis."""
    chart = new_figure(
        height=380,
        x_axis_type="datetime",
        x_axis_label="local time, Sydney",
        y_axis_label="price, $",
    )
    _draw_quotes(chart, example)
    ends = [float(time_ns) for time_ns in _ms(np.array([example.arrival_ns, example.end_ns]))]
    if example.limit:
        chart.line(
            x=ends,
            y=[example.limit] * 2,
            color=_LIMIT_COLOUR,
            line_dash="dashed",
            line_width=2,
            legend_label="limit as entered",
        )
    for place, dash in zip(ends, ("solid", "dotted"), strict=True):
        chart.vspan(x=[place], line_color="#1b1f24", line_dash=dash)
    styles = (("tape", "filled for real"), (example.line, "filled in the simulation"))
    for fills, (line, words) in zip(example.fills, styles, strict=True):
        _draw_fills(chart, fills, line, words)
    chart.xaxis.formatter = DatetimeTickFormatter(
        milliseconds="%H:%M:%S.%3N",
        seconds="%H:%M:%S",
        minsec="%H:%M:%S",
        minutes="%H:%M",
        hourmin="%H:%M",
        hours="%H:%M",
    )
    chart.yaxis.formatter = NumeralTickFormatter(format="0.000")
    return drawing(chart, legend_columns=5, label_pixels=140)


def _draw_quotes(chart: figure, example: Example) -> None:
    quotes = example.quotes
    if not quotes.time_ns.size:
        return
    columns = {"time": _ms(quotes.time_ns), "bid": quotes.bid, "offer": quotes.offer}
    columns["midpoint"] = (quotes.bid + quotes.offer) / 2
    source = ColumnDataSource({name: list(map(float, value)) for name, value in columns.items()})
    chart.varea_step(
        x="time",
        y1="bid",
        y2="offer",
        step_mode="after",
        source=source,
        fill_color=_BAND_COLOUR,
        legend_label="between bid and offer",
    )
    chart.step(
        x="time",
        y="midpoint",
        mode="after",
        source=source,
        color=_MIDPOINT_COLOUR,
        legend_label="midpoint",
    )


def _draw_fills(chart: figure, fills: Fills, line: str, words: str) -> None:
    style = WORDS[line]
    source = ColumnDataSource(
        {
            "time": list(map(float, _ms(fills.time_ns))),
            "price": list(map(float, fills.price)),
            "quantity": list(map(float, fills.quantity)),
        }
    )
    points = chart.scatter(
        x="time",
        y="price",
        source=source,
        marker="circle" if line == "tape" else "triangle",
        size=15 if line == "tape" else 10,
        fill_color="#ffffff" if line == "tape" else style.colour,
        line_color=style.colour,
        line_width=2,
        legend_label=words,
    )
    tip = [("", words), ("shares", "@quantity{0,0}"), ("price", "$@price{0.0000}")]
    chart.add_tools(HoverTool(renderers=[points], tooltips=tip))


def _ms(time_ns: IntArray) -> NDArray[np.float64]:
    """Milliseconds, as JavaScript counts time."""
    return time_ns / 1e6


def resources_chart(used: Resources, column: str) -> Drawing:
    """`rss_mib` or `cpu_percent` of every process."""
    unit = {"rss_mib": "MiB in memory", "cpu_percent": "% of one processor"}[column]
    chart = new_figure(
        x_axis_label="seconds", y_axis_label=unit, y_range=DataRange1d(start=0), height=240
    )
    palette = Category10[10]
    for number, usage in enumerate(used.processes[:MOST_PROCESSES]):
        chart.line(
            x=usage.seconds,
            y=getattr(usage, column),
            color=palette[number],
            line_width=2,
            legend_label=usage.process,
        )
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0")
    return drawing(chart)
