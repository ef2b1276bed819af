"""The error of the book from the document of a replay, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sweep_dask.study.fidelity import errors_in


def partition(missing):
    """A book that has two matches by arrivals where the tape has one, and all others right."""
    counts = {
        "arrival": {"tape": 1, "predicted": 2, "hits": 1},
        "amendment": {"tape": 3, "predicted": 3, "hits": 3},
        "resting": {"tape": 0, "predicted": 0, "hits": 0},
        "order_missing": {"tape": missing, "predicted": 0, "hits": 0},
    }
    perfect = {name: dict.fromkeys(tally, tally["tape"]) for name, tally in counts.items()}
    return {"resync": {"by_event": perfect}, "free": {"by_event": counts}}


@pytest.mark.parametrize("missing", [0, 500])
def test_it_is_that_of_the_free_replay_among_orders_that_are_there(missing):
    errors = errors_in({"partitions": [partition(missing)] * 2})
    # Two false alarms among four; and of six that are right, one more might not be.
    expected = [np.hypot(0.5, np.sqrt(2) / 4), 1 / 6, np.nan]
    assert errors == pytest.approx(expected, nan_ok=True)


def test_of_no_partition_nothing_is_known():
    assert np.isnan(errors_in({"partitions": []})).all()
