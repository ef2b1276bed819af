"""Whose sweeps an answer is about and whom they meet: the largest participants, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from sweep_dask.analysis.centre_point.choices import Choices
from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.rollups.robustness import BY_CHOICE, levels
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.analysis.rollups.summary import added, summary_of_choices
from sweep_dask.analysis.tables import table
from sweep_dask.terms.arms import CENTRE_POINT, REAL, REPLAYED, Arm

SOME_ARMS = (REAL, REPLAYED, Arm(CENTRE_POINT, "dual-post"))
#: One lifetime, and all change: three cases, and parts of each.
CASES = cases_of(
    SOME_ARMS, Choices("close", 1, lifetimes=("close",), adoption_shares=(), switches=())
)
NO_SWEEP = dict.fromkeys(SENSITIVITY_COLUMNS, 0)


def rows_of(*partitions, columns=("n_sweeps", "quantity")):
    """Rows `SENSITIVITY_COLUMNS`; a partition maps participants to these columns."""
    rows = [
        {
            **NO_SWEEP,
            "date": "2024-09-05",
            "security": security,
            "participant": participant,
            **case._asdict(),
            **dict(zip(columns, values, strict=True)),
        }
        for security, of_partition in enumerate(partitions)
        for case in CASES
        for participant, values in of_partition.items()
    ]
    found = pd.DataFrame(rows, columns=list(SENSITIVITY_COLUMNS)).to_dict("list")
    participants = pd.array(found["participant"], dtype="Int64")
    return table(SENSITIVITY_COLUMNS, found | {"participant": participants})


def told(*partitions):
    """Participant, share of the shares, shares, sweeps: of the last case."""
    summary = added(summary_of_choices(rows_of(one), CASES) for one in partitions)
    found = table(BY_CHOICE, levels(summary.levels, CASES)).to_pylist()
    names = ["largest_participant", "largest_participant_share"]
    names += ["largest_participant_quantity", "largest_participant_sweeps"]
    assert len(found) == len(SOME_ARMS)
    return [found[-1][name] for name in names]


def test_the_largest_over_all_partitions_is_of_none_the_largest():
    """8 has 60 + 60 of 240 shares; 7 and 9 lead in one partition each, with 70 and 50 less."""
    found = told({7: (1, 70), 8: (5, 60)}, {8: (4, 60), 9: (2, 50)})
    assert found == [8, 0.5, 120, 9]


def test_of_equal_ones_the_first():
    assert told({9: (1, 50), 7: (2, 50)}) == [7, 0.5, 50, 2]


def test_those_unknown_are_not_one():
    """They enter shares all the same: 30 of 100 are those of 7."""
    assert told({7: (1, 30), None: (9, 70)}) == [7, 0.3, 30, 1]


@pytest.mark.parametrize("partition", [{None: (1, 70)}, {7: (0, 0)}])
def test_nobody_known_entered_any(partition):
    participant, share, *counts = told(partition)
    assert participant is None
    assert share == 0 if None in partition else pd.isna(share)
    assert counts == [0, 0]


def test_shares_beyond_a_float():
    """2^53 + 1 and 2^53 are the same float."""
    assert told({7: (1, 2**53), 8: (1, 2**53 + 1)})[::2] == [8, 2**53 + 1]


def five_contras(*partitions):
    """The share of the five who gave most; a partition maps participants to dark shares: those of
    their sweeps, and those that they gave."""
    parts = (rows_of(one, columns=("dark_quantity", "contra_quantity")) for one in partitions)
    summary = added(summary_of_choices(rows, CASES) for rows in parts)
    return table(BY_CHOICE, levels(summary.levels, CASES))["largest_five_contras_share"][-1].as_py()


def test_the_five_who_gave_most_over_all_partitions():
    """1 and 2 give 30 + 30, 3 to 6 give 10 each of 100; 7 gives nothing and has all sweeps."""
    first = {7: (60, 0), 1: (0, 30), 2: (0, 10), 3: (0, 10), 4: (0, 10)}
    second = {7: (40, 0), 2: (0, 20), 5: (0, 10), 6: (0, 10)}
    assert five_contras(first) == 1.0
    assert five_contras(first, second) == 0.9
    assert five_contras(second, first) == 0.9


def test_those_unknown_are_none_of_the_five_and_what_they_gave_counts():
    """80 of 100 shares are given by nobody who is known."""
    assert five_contras({7: (100, 20), None: (0, 0)}) == 0.2
    assert pd.isna(five_contras({7: (100, 0), None: (0, 0)}))
    assert pd.isna(five_contras({7: (0, 0)}))
