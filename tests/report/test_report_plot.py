"""Charts: round ticks, positions in percent, and the numbers in words."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.report.plot import (
    Band,
    Bar,
    Bars,
    Curve,
    Plot,
    from_zero,
    named_axis,
    number_axis,
    round_steps,
)
from sweep_dask.report.wording import plain

NAN = math.nan


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (-0.11, 0.13, [-0.1, -0.05, 0, 0.05, 0.1]),
        (0, 3_100_000, [0, 1_000_000, 2_000_000, 3_000_000]),
        (4.159, 4.181, [4.16, 4.165, 4.17, 4.175, 4.18]),
    ],
)
def test_ticks_are_round(low, high, steps):
    assert round_steps(low, high) == pytest.approx(steps)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_ticks_are_few_within_the_axis_and_equally_far_apart(low, width):
    high = low + width
    steps = round_steps(low, high)
    assert 1 <= len(steps) <= 7
    assert low - width * 1e-6 <= steps[0] <= steps[-1] <= high + width * 1e-6
    gaps = [after - before for before, after in pairwise(steps)]
    assert all(gap == pytest.approx(gaps[0], rel=1e-3) for gap in gaps)


def test_ticks_have_no_more_digits_than_they_need():
    assert [plain(step) for step in round_steps(0, 0.35)] == ["0", "0.1", "0.2", "0.3"]
    assert [plain(value) for value in (-1.5, 3_000_000.0, -0.0)] == ["\u22121.5", "3,000,000", "0"]


def plot(*curves, **others):
    x, y = number_axis("seconds", [0, 10], unit=" s", room=0), from_zero("price", [4], plain)
    return Plot("A title", x, y, curves, **others)


def test_a_curve_breaks_where_there_is_no_value():
    curve = Curve("line-tape", "Tape", [0, 5, 7, 10], [0, None, 2.1, NAN])
    # 4 of a twentieth more; 0 lies at the bottom.
    assert plot(curve).path(curve) == "M0.0 100.0M70.0 50.0"
    assert plot(curve).marks(curve) == [(0, 100, "0 at 0 s"), (70, 50, "2.1 at 7 s")]


def test_a_step_holds_its_value():
    curve = Curve("line-tape", "Tape", [0, 10], [0, 2.1], is_step=True)
    assert plot(curve).path(curve) == "M0.0 100.0H100.0V50.0"


def test_a_band_leaves_out_where_an_end_is_missing():
    band = Band("quotes", "quotes", [0, 5, 7, 10], [0, NAN, 2.1, 2.1], [2.1, 2.1, 4.2, 4.2])
    assert plot(bands=[band]).outline(band) == (
        "M0.0 100.0H50.0V50.0H0.0Z M70.0 50.0H100.0V0.0H70.0Z"
    )


def test_a_description_tells_few_points_all_and_of_many_three():
    few = Curve("line-tape", "Tape", [0, 5], [1, None])
    many = Curve("line-dual-post", "Dual post", list(range(9)), [0.5] * 9)
    assert plot(few, many).description == (
        "price over seconds. Tape: 1 at 0 s. Dual post: 0.5 at 0 s, 0.5 at 4 s, 0.5 at 8 s."
    )


def test_names_have_equal_places():
    axis = named_axis("size", ["small", "large"])
    assert axis.ticks == [(25.0, "small"), (75.0, "large")]
    assert axis.text(1) == "large"


def test_parts_of_a_bar_lie_behind_one_another():
    axis = from_zero("shares", [100], plain)
    bar = Bar("Tape", [("venue-dark", 21, "21 in the dark"), ("venue-lit", 42, "42 lit")])
    bars = Bars("Shares", axis, [bar], [])
    # The axis goes to 105.
    assert bars.placed(bar) == [
        ("venue-dark", 0, 20, "21 in the dark"),
        ("venue-lit", 20, 40, "42 lit"),
    ]
    assert bars.description == "shares. Tape: 21 in the dark, 42 lit."
