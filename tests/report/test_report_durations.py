"""The median of counted durations is that of the durations, to one part in a thousand."""

import statistics

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.report.durations import Durations
from sweep_dask.report.wording import duration


def counted(*pieces):
    durations = Durations()
    for piece in pieces:
        durations.add(np.array(piece, dtype=np.int64))
    return durations


@given(st.lists(st.integers(0, 10**15), min_size=1), st.integers(0, 50))
def test_median_is_rounded_down_by_less_than_a_thousandth(waits_ns, cut):
    median_ns = counted(waits_ns[:cut], waits_ns[cut:]).median_ns()
    exact_ns = statistics.median_low(waits_ns)
    assert exact_ns * 0.999 <= median_ns <= exact_ns


def test_short_durations_are_exact():
    assert counted([5, 1_023, 7]).median_ns() == 7


def test_nothing_has_no_median():
    assert counted([]).median_ns() is None


def test_durations_in_the_unit_that_fits():
    shown = [duration(n) for n in (None, 0, 1_500, 2_340_000, 1_200_000_000, 190_000_000_000)]
    assert shown == ["\u2013", "at once", "1.5 \u00b5s", "2.3 ms", "1.200 s", "190.0 s"]
