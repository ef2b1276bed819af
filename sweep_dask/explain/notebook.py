"""The explanation in a notebook: its text and, for a sweep, the chart of the report's example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from sweep_dask.analysis.metrics.lines import LINES
from sweep_dask.report.drawing import bokeh_script
from sweep_dask.report.example import read_example
from sweep_dask.report.line_words import label
from sweep_dask.report.rendering import render
from sweep_dask.report.time_charts import example_chart

if TYPE_CHECKING:
    from sweep_dask.explain.explanation import Explanation
    from sweep_dask.explain.records import Arm, OrderDay
    from sweep_dask.storage.layout import OutputLayout


def html(explanation: Explanation) -> str:
    """HTML that needs nothing beside it."""
    charts = [
        chart for day in explanation.days if (chart := _chart(explanation.layout, day)) is not None
    ]
    return render("explanation.html", {"text": str(explanation), "charts": charts})


def _chart(layout: OutputLayout, day: OrderDay) -> dict[str, str] | None:
    """The quotes while the sweep worked, and its fills on the tape and in one other arm.

    None if nothing was simulated, or the combined tables do not have the sweep.
    """
    arm = _most_different(day)
    if arm is None:
        return None
    chosen: dict[str, Any] = {
        "date": day.date,
        "security": day.security,
        "order_id": day.order_id,
        "model": arm.model,
        "scenario": arm.scenario,
        "difference": 1.0,
    }
    example, _ = read_example(layout, chosen, LINES)
    if example is None:
        return None
    title = f"{day.date}: the tape and {label(arm.name).lower()}"
    content = {
        "title": title,
        "drawing": example_chart(example),
        # Bokeh's, not the input's.
        "bokeh_script": Markup(bokeh_script()),  # noqa: S704
    }
    return {"title": title, "page": render("chart_alone.html", content)}


def _most_different(day: OrderDay) -> Arm | None:
    """The arm that fills another number of shares than the tape by most; of equal ones the last."""
    filled = {arm.name: arm.metrics["filled_quantity"] for arm in day.arms if arm.metrics}
    simulated = [arm for arm in day.arms if arm.metrics and arm.name != "tape"]
    if "tape" not in filled or not simulated:
        return None
    apart = [abs(filled[arm.name] - filled["tape"]) for arm in simulated]
    return max(zip(apart, range(len(apart)), simulated, strict=True))[2]
