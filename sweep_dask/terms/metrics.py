"""The metrics of a sweep: a record for each, in the order of `tables/sweep_metrics.parquet`.

Everything that is told of a metric follows from its record: the columns of the table, what is
compared, tested, added up by segment and put under every choice, its words on the page and at the
terminal, and its row in docs/metrics.md. What computes it is in `analysis.metrics.sweep_metrics`.
"""

from __future__ import annotations

from sweep_dask.terms.metric import Detail, Direction, Metric

#: How long after a fill the realised spread is taken.
REALISED_AFTER_SECONDS = (1, 10, 60)

_PER_SHARE_AND_SUM = ("price", "bps", "aud")
_PER_SHARE = ("price", "bps")
_OF_PAPER = ("bps", "aud")


def _realised(seconds: int) -> Metric:
    return Metric(
        f"realised_spread_{seconds}s",
        f"2 *s* Σ *q* (*p − M(t* + {seconds} s*)*) / *F*",
        f"as the effective spread, {seconds} s later",
        units=_PER_SHARE,
        sign=f"+ costlier than the midpoint {seconds} s later",
        source="Huang and Stoll 1996; SEC Rule 605",
        direction=Direction.COST,
        detail=Detail.COMPARED,
    )


# fmt: off
#: Every metric and what stands beside it, in the order of the table.
METRICS = (
    Metric("order_id", "of the sweep", kind="int64"),
    Metric("side", "`buy` or `sell`", kind="category"),
    Metric("arrival_ns", "*t₀*", unit="ns UTC", kind="int64"),
    Metric("end_ns", "*t₁*", unit="ns UTC", kind="int64"),
    Metric("working", "*t₁ − t₀*", units=("seconds",), sign="≥ 0"),
    Metric("quantity", "*Q*", unit="shares", sign="≥ 0", kind="int64"),
    Metric("filled_quantity", "*F* = Σ *q*", unit="shares", sign="≥ 0", kind="int64",
        direction=Direction.GAIN, detail=Detail.COMPARED),
    Metric("unfilled_quantity", "max(*Q − F*, 0)", unit="shares", sign="≥ 0", kind="int64"),
    Metric("dark_quantity", "Σ *q* of the fills in the dark book", unit="shares", sign="≥ 0",
        kind="int64", detail=Detail.COMPARED),
    Metric("arrival_filled_quantity", "Σ *q* of the fills with *t = t₀*", unit="shares", sign="≥ 0",
        kind="int64"),
    Metric("fill_ratio", "*F / Q*", "*Q* is 0", unit="share",
        sign="≥ 0; above 1 if the input has more fills than quantity", heading="Fill ratio",
        direction=Direction.GAIN, detail=Detail.ANSWER, worth="filled_paper_value_aud",
        would=("fill more", "fill less")),
    Metric("fill_count", "number of fills", sign="≥ 0", kind="int64", detail=Detail.COMPARED),
    Metric("outcome", "`filled`: *F ≥ Q*; `partly_filled`: 0 < *F* < *Q*; `unfilled`: *F* = 0",
        kind="category"),
    Metric("limit", "limit price as entered; amended, the sweep may trade beyond it", "no limit",
        unit="price"),
    Metric("arrival_bid", "national bid on arrival", "no bid", unit="price"),
    Metric("arrival_offer", "national offer on arrival", "no offer", unit="price"),
    Metric("arrival_midpoint", "*M₀* = (bid + offer) / 2", "no midpoint", unit="price"),
    Metric("arrival_spread", "offer − bid on arrival", "no midpoint", units=_PER_SHARE, sign="> 0",
        source="Huang and Stoll 1996 (quoted spread)"),
    Metric("arrival_spread_ticks", "steps of the tick table from bid to offer", "no midpoint",
        unit="ticks", sign="> 0"),
    Metric("filled_value_x2", "2 *V*, exact", unit="shares × doubled price", sign="≥ 0",
        kind="int64"),
    Metric("vwap", "*V / F*", "no fill", unit="price", source="Berkowitz, Logue and Noser 1988",
        detail=Detail.COMPARED),
    Metric("limit_improvement", "*s* (limit − *V/F*); in AUD times *F*",
        "no limit; no fill (not in AUD); bps: no midpoint", units=_PER_SHARE_AND_SUM,
        sign="+ below (buy) or above (sell) the limit", direction=Direction.GAIN,
        detail=Detail.COMPARED),
    Metric("midpoint_improvement", "*s* (*M₀ − V/F*); in AUD times *F*",
        "no midpoint; no fill (not in AUD)", units=_PER_SHARE_AND_SUM,
        sign="+ better than the midpoint on arrival",
        source="SEC Rule 605: −2 times it is the effective spread from the time of receipt",
        direction=Direction.GAIN, detail=Detail.COMPARED),
    Metric("far_touch_improvement",
        "*s* (far touch − *V/F*), the offer for a buy, the bid for a sell; in AUD times *F*",
        "no far touch; no fill (not in AUD); bps: no midpoint", units=_PER_SHARE_AND_SUM,
        sign="+ better than crossing the spread on arrival",
        source="SEC Rule 605 (price improvement)", heading="Better than the far touch",
        direction=Direction.GAIN, detail=Detail.BY_SEGMENT),
    Metric("arrival_cost", "*s* (*V − M₀ F*) + *K*; bps of *M₀ Q*", "no midpoint; bps: *Q* is 0",
        units=_OF_PAPER, sign="+ costlier than the midpoint on arrival",
        source="Perold 1988 (execution cost)", heading="Arrival cost", direction=Direction.COST,
        detail=Detail.BY_SEGMENT),
    Metric("opportunity_cost", "*s* (*M(t₁) − M₀*) × unfilled; bps of *M₀ Q*",
        "no midpoint at *t₀*, or, with shares unfilled, at *t₁*; bps: *Q* is 0", units=_OF_PAPER,
        sign="+ the unfilled shares became costlier", source="Perold 1988 (opportunity cost)",
        direction=Direction.COST, detail=Detail.SUMMED),
    Metric("implementation_shortfall", "arrival cost + opportunity cost",
        "one of the two is missing", units=_OF_PAPER, sign="+ costlier than all of *Q* at *M₀*",
        source="Perold 1988", heading="Implementation shortfall", direction=Direction.COST,
        detail=Detail.ANSWER, worth="implementation_shortfall_aud",
        would=("cost more", "cost less")),
    Metric("completed_shortfall",
        "implementation shortfall + unfilled × (offer − bid) / 2 on arrival + *K*′: the unfilled "
        "shares are traded after all, half a spread away from the midpoint, for the fee of the lit "
        "book",
        "as the implementation shortfall", units=_OF_PAPER,
        sign="+ costlier than all of *Q* at *M₀*", source="Perold 1988, with a price for the rest",
        heading="Shortfall with clean-up", direction=Direction.COST, detail=Detail.ANSWER,
        worth="completed_shortfall_aud",
        would=("cost more with the rest traded", "cost less with the rest traded")),
    Metric("slippage", "*s* Σ *q* (*M(t) − M₀*) / *F*: what waiting for the fills cost",
        "no fill; no midpoint at *t₀* or at a fill", units=_PER_SHARE,
        sign="+ the midpoint ran away from the order",
        source="Wagner and Edwards 1993 (timing cost)", direction=Direction.COST,
        detail=Detail.COMPARED),
    Metric("effective_spread", "2 *s* Σ *q* (*p − M(t)*) / *F*",
        "no fill; no midpoint at a fill; bps: at *t₀*", units=_PER_SHARE,
        sign="+ costlier than the midpoint at the fill", source="Huang and Stoll 1996",
        heading="Effective spread", direction=Direction.COST, detail=Detail.BY_SEGMENT),
    *map(_realised, REALISED_AFTER_SECONDS),
    Metric("time_to_first_fill", "min *t − t₀*", "no fill", units=("seconds",), sign="≥ 0",
        heading="Time to the first fill", direction=Direction.COST, detail=Detail.BY_SEGMENT),
    Metric("time_to_last_fill", "max *t − t₀*", "no fill", units=("seconds",), sign="≥ 0",
        direction=Direction.COST, detail=Detail.COMPARED),
    Metric("mean_time_to_fill", "Σ *q* (*t − t₀*) / *F*", "no fill", units=("seconds",), sign="≥ 0",
        source="SEC Rule 605 (share-weighted average time to execution)",
        heading="Mean time to a fill", direction=Direction.COST, detail=Detail.BY_SEGMENT),
    Metric("market_drift", "*s* (*M(t₁) − M₀*)", "no midpoint at *t₀* or *t₁*", units=_PER_SHARE,
        sign="+ the midpoint ran away from the order"),
    Metric("working_spread",
        "spread averaged over the time from *t₀* to *t₁*, without the time it does not exist; at "
        "*t₀* if *t₁ = t₀*",
        "no spread at any time; bps: no midpoint at *t₀*", units=_PER_SHARE,
        sign="> 0", source="McInish and Wood 1992 (time-weighted spread)"),
)
# fmt: on

#: Every column by its name, in the order of the table.
COLUMNS = {column.name: column for metric in METRICS for column in metric.columns}


def _names(least: Detail, *, amounts: bool) -> tuple[str, ...]:
    """Columns of at least so much detail: amounts, or those of which there is a mean."""
    chosen = [metric for metric in METRICS if metric.detail >= least]
    return tuple(
        column.name
        for metric in chosen
        for column in metric.columns
        if column.is_amount == amounts and (amounts or column.unit != "price")
    )


#: Those that are compared, in the order of all tables; a metric's number is its position here.
COMPARED = {
    name: column.metric.direction
    for name, column in COLUMNS.items()
    if column.metric.detail >= Detail.COMPARED
}
#: Those that are told by segment: means, quantiles and tests.
HEADLINE = _names(Detail.BY_SEGMENT, amounts=False)
#: Amounts that are added up by segment.
AMOUNTS = _names(Detail.SUMMED, amounts=True)
#: Those of the answer, with what their sums by the worth of sweeps are called.
ANSWER = {name: COLUMNS[name].metric.worth for name in _names(Detail.ANSWER, amounts=False)}
FILL_RATIO, SHORTFALL, WITH_CLEAN_UP = ANSWER

#: Parts of a difference in arrival cost: of the price, of the quantity, of the time.
COST_PARTS = ("price_part_aud", "quantity_part_aud", "time_part_aud")
