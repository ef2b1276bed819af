"""The explanation in a notebook: its text and, for a sweep, the chart of the report's example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.market.trading_day import sydney_local_ns
from sweep_dask.report.example import Example, Fills, UnreadableError, quotes_around
from sweep_dask.report.example_plot import example_plot
from sweep_dask.report.rendering import render
from sweep_dask.report.wording import label
from sweep_dask.terms.arms import TAPE
from sweep_dask.terms.files import ROW_FILES
from sweep_dask.terms.units import PRICE_X2_PER_AUD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.tables import IntArray
    from sweep_dask.explain.explanation import Explanation
    from sweep_dask.explain.records import Arm, OrderDay
    from sweep_dask.storage.layout import OutputLayout


def html(explanation: Explanation) -> str:
    """HTML that needs nothing beside it."""
    found = [_chart(explanation.layout, day) for day in explanation.days]
    charts = [chart for chart in found if chart is not None]
    return render("explanation.html", {"text": str(explanation), "charts": charts})


def _chart(layout: OutputLayout, day: OrderDay) -> dict[str, str] | None:
    """The quotes while the sweep worked, and its fills on the tape and in one other arm.

    None if it is no sweep that is measured, nothing was simulated, or quotes cannot be read.
    """
    arm = _most_different(day)
    if arm is None:
        return None
    try:
        example = _example(layout, day, arm)
    except UnreadableError:
        return None
    title = f"{day.date}: the tape and {label(arm.name).lower()}"
    return {"title": title, "page": render("chart_alone.html", {"plot": example_plot(example)})}


def _most_different(day: OrderDay) -> Arm | None:
    """The arm that fills another number of shares than the tape by most; of equal ones the last."""
    filled = {arm.name: arm.metrics["filled_quantity"] for arm in day.arms if arm.metrics}
    simulated = [arm for arm in day.arms if arm.metrics and arm.name != TAPE]
    if TAPE not in filled or not simulated:
        return None
    apart = [abs(filled[arm.name] - filled[TAPE]) for arm in simulated]
    return max(zip(apart, range(len(apart)), simulated, strict=True))[2]


def _example(layout: OutputLayout, day: OrderDay, arm: Arm) -> Example:
    """What the report draws of a sweep, of this one."""
    assert day.end_ns is not None
    arrival_ns, limit_x2 = day.arrival.time_ns, day.terms.limit_x2
    path = layout.processed(day.date, day.security) / f"{ROW_FILES['nbbo']}.parquet"
    ends = _local([arrival_ns, day.end_ns])
    return Example(
        date=day.date,
        security=day.security,
        order_id=day.order_id,
        side=day.terms.side,
        quantity=day.terms.quantity,
        limit=None if limit_x2 is None else limit_x2 / PRICE_X2_PER_AUD,
        arrival_ns=int(ends[0]),
        end_ns=int(ends[1]),
        quotes=quotes_around(layout, path, arrival_ns, day.end_ns),
        fills=[_fills(one) for one in day.arms if one.name in (TAPE, arm.name)],
        arm=arm.name,
    )


def _fills(arm: Arm) -> Fills:
    """Those that count."""
    counted = [fill for fill in arm.fills if fill.is_counted]
    price_x2 = np.array([fill.price_x2 for fill in counted], dtype=np.float64)
    return Fills(
        label(arm.name),
        _local([fill.time_ns for fill in counted]),
        price_x2 / PRICE_X2_PER_AUD,
        np.array([fill.quantity for fill in counted], dtype=np.int64),
    )


def _local(times_ns: Sequence[int]) -> IntArray:
    return sydney_local_ns(np.array(times_ns, dtype=np.int64))
