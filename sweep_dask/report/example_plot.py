"""The chart of one sweep: quotes, its limit, and the fills of both arms on one time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.report.plot import Axis, Band, Curve, Plot, Rule, Scale, number_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.tables import IntArray
    from sweep_dask.report.example import Example, Fills

_NS = 1_000_000_000
_DAY_NS = 24 * 3600 * _NS
#: Ticks of a time axis are one of these apart: a thousandth of a second to six hours.
_STEPS_SECONDS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600),
)
_MOST_TICKS = 5
#: Shapes of the real and of the simulated fills: one can lie within the other.
_MARKERS = ("ring", "triangle")


def example_plot(example: Example) -> Plot:
    """Bid, midpoint and offer, the limit, and the fills of both arms."""
    quotes = example.quotes
    seconds = _seconds(quotes.time_ns, example)
    bid, offer = quotes.bid.tolist(), quotes.offer.tolist()
    midpoint = ((quotes.bid + quotes.offer) / 2).tolist()
    curves = [
        Curve("midpoint", "midpoint", seconds, midpoint, has_marks=False, is_step=True),
        *_fills(example),
    ]
    begin, end = _instants(example)
    rules = [Rule("arrival", "arrival", x=begin), Rule("measured", "sweep is measured", x=end)]
    if example.limit:
        rules.append(Rule("limit", "limit as entered", y=example.limit))
    prices = [*bid, *offer, example.limit or bid[0] if bid else example.limit or 0.0]
    prices += [price for fills in example.fills for price in fills.price.tolist()]
    return Plot(
        f"Order {example.order_id} of security {example.security} on {example.date}",
        _time_axis([begin, end, *seconds]),
        number_axis("price, $", prices, "{:,.3f}".format),
        curves if quotes.time_ns.size else curves[1:],
        height_pixels=320,
        bands=[Band("quotes", "between bid and offer", seconds, bid, offer)] if bid else [],
        rules=rules,
    )


def _fills(example: Example) -> list[Curve]:
    arms = ("tape", example.arm)
    words = ("filled for real", "filled in the simulation")
    return [
        _points(f"line-{arm}", label, marker, fills, example)
        for arm, label, marker, fills in zip(arms, words, _MARKERS, example.fills, strict=True)
    ]


def _points(line: str, label: str, marker: str, fills: Fills, example: Example) -> Curve:
    seconds = _seconds(fills.time_ns, example)
    return Curve(line, label, seconds, fills.price.tolist(), marker=marker, is_joined=False)


def _instants(example: Example) -> tuple[float, float]:
    """Arrival and the time at which the sweep is measured."""
    midnight_ns = _midnight_ns(example)
    return (example.arrival_ns - midnight_ns) / _NS, (example.end_ns - midnight_ns) / _NS


def _seconds(time_ns: IntArray, example: Example) -> list[float]:
    """Since local midnight of the day of the arrival: few enough digits for a float."""
    seconds: list[float] = ((time_ns - _midnight_ns(example)) / _NS).tolist()
    return seconds


def _midnight_ns(example: Example) -> int:
    return example.arrival_ns // _DAY_NS * _DAY_NS


def _time_axis(seconds: Sequence[float]) -> Axis:
    low, high = min(seconds), max(seconds)
    scale = Scale(low, high if high > low else low + 1)
    longest = _STEPS_SECONDS[-1]
    step = next((s for s in _STEPS_SECONDS if _MOST_TICKS * s >= high - low), longest)
    ticks = [number * step for number in range(int(low // step) + 1, int(high // step) + 1)]
    digits = 0 if step >= 1 else 3
    placed = [(scale.percent(tick), _clock(tick, digits)) for tick in ticks]
    return Axis("local time, Sydney", scale, placed, lambda value: _clock(value, 3))


def _clock(seconds: float, digits: int) -> str:
    """`10:05:07`, with thousandths if asked for."""
    thousandths = round(seconds * 1_000)
    minutes, rest = divmod(thousandths, 60_000)
    text = f"{minutes // 60 % 24:02}:{minutes % 60:02}:{rest // 1_000:02}"
    return f"{text}.{rest % 1_000:03}" if digits else text
