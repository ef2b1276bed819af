"""Charts of lines: filled by venue, distributions, and lines by hour or size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.models import ColumnDataSource, DataRange1d, FactorRange, HoverTool, NumeralTickFormatter

from sweep_dask.analysis.metrics.lines import REAL
from sweep_dask.report import wording
from sweep_dask.report.distributions import axis_of, curves
from sweep_dask.report.drawing import DARK_COLOUR, LIT_COLOUR, Drawing, drawing, floats, new_figure
from sweep_dask.report.effects import METRICS, SHORTFALL
from sweep_dask.report.line_words import TIME_PRIORITY_LINE, WORDS, label
from sweep_dask.report.measures import FILLED_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bokeh.plotting import figure

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.report.levels import Curve
    from sweep_dask.report.line_tables import SegmentTable
    from sweep_dask.report.line_words import LineWords
    from sweep_dask.report.measures import Measure
    from sweep_dask.report.rollups import Rollups


def venue_chart(found: Rollups) -> Drawing:
    """Bars of the shares filled in the dark and in the lit book, a line for what really was."""
    lines = [line for line in found.lines if line != TIME_PRIORITY_LINE]
    rows = {label(line.name): row for line in lines if (row := found.total(line))}
    dark = [row["dark_quantity"] for row in rows.values()]
    filled = [row["filled_quantity"] for row in rows.values()]
    source = ColumnDataSource(
        {
            "line": list(rows),
            "dark": floats(dark),
            "lit": floats(all_ - part for all_, part in zip(filled, dark, strict=True)),
        }
    )
    chart = new_figure(
        y_range=FactorRange(factors=list(rows)[::-1]),
        x_range=DataRange1d(start=0),
        x_axis_label="shares filled",
        height=70 + 34 * len(rows),
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
    if REAL in found.lines:
        chart.vspan(x=floats(filled[:1]), line_color="black", line_dash="dashed")
    chart.xaxis.formatter = NumeralTickFormatter(format="0,0")
    chart.ygrid.visible = False
    return drawing(chart)


def distribution_chart(found: Rollups, metric: str) -> Drawing | None:
    """Cumulative distribution of a metric, a curve a line; None if it exists in no line."""
    drawn = curves(found, metric)
    if not drawn:
        return None
    words = METRICS[metric]
    chart = new_figure(
        x_range=axis_of(drawn),
        y_range=(0, 1.02),
        x_axis_label=f"{wording.within(words.heading)}, {words.level_axis}",
        y_axis_label="share of sweeps",
        height=340,
    )
    for curve in drawn:
        style = WORDS[curve.line]
        source = ColumnDataSource({"value": curve.value, "share": curve.share})
        line = _curve(chart, style, source, "value", "share")
        tip = [("", style.label), ("at most", "@value{0,0.00}"), ("sweeps", "@share{0%}")]
        chart.add_tools(HoverTool(renderers=[line], tooltips=tip))
    chart.yaxis.formatter = NumeralTickFormatter(format="0%")
    return drawing(chart)


def adopters_chart(curves: Sequence[Curve], unit: str) -> Drawing | None:
    """A curve a scenario over the share of sweeps that change; None without any."""
    if not curves:
        return None
    chart = new_figure(x_axis_label="sweeps that change, %", y_axis_label=unit, height=240)
    for curve in curves:
        style = WORDS[curve.line]
        shares = floats(100 * share for share in curve.adoption)
        source = ColumnDataSource({"share": shares, "value": floats(curve.value)})
        _marked_curve(
            chart, style, source, "share", ("@share{0.#} % change", "@value{0,0.00} " + unit)
        )
    chart.xaxis.ticker = [100 * share for share in curves[0].adoption]
    # All names in one row, also on a phone.
    return drawing(chart, label_pixels=62)


def segment_chart(table: SegmentTable, lines: Sequence[Line], measure: Measure) -> Drawing:
    """One of the measures `BY_LINE` over the segments of a table, a curve a line."""
    is_share = measure is FILLED_SHARE
    unit = "% of shares filled" if is_share else f"shortfall, {METRICS[SHORTFALL].axis}"
    names = [row.name for row in table.rows]
    # A share is read from zero; a cost may be on either side of it.
    bounds = {"y_range": DataRange1d(start=0)} if is_share else {}
    chart = new_figure(
        **bounds,
        x_range=FactorRange(factors=names),
        x_axis_label=wording.within(table.heading),
        y_axis_label=unit,
    )
    for line in lines:
        style = WORDS[line.name]
        values = [row.value(line.name, measure) for row in table.rows]
        shown = [100 * v if is_share and v is not None else v for v in values]
        source = ColumnDataSource({"segment": names, "value": floats(shown)})
        _marked_curve(chart, style, source, "segment", ("@segment", "@value{0,0.00} " + unit))
    chart.xgrid.visible = False
    return drawing(chart)


def _marked_curve(
    chart: figure, style: LineWords, source: ColumnDataSource, x: str, tip: tuple[str, str]
) -> None:
    """A curve over `value` with a mark at each point, and what is told of one under the mouse."""
    _curve(chart, style, source, x, "value")
    points = chart.scatter(
        x=x,
        y="value",
        source=source,
        color=style.colour,
        marker=style.marker,
        size=8,
        legend_label=style.label,
    )
    tips = [("", style.label), tip]
    chart.add_tools(HoverTool(renderers=[points], tooltips=tips))


def _curve(chart: figure, style: LineWords, source: ColumnDataSource, x: str, y: str) -> Any:
    """The curve of one line, drawn as that line is everywhere."""
    return chart.line(
        x=x,
        y=y,
        source=source,
        color=style.colour,
        line_dash=style.dash,
        line_width=2.5,
        legend_label=style.label,
    )
