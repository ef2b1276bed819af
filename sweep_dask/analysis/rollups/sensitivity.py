"""Sums of what scenarios change under every choice, as clusters leave them, and of the largest.

A case is compared with the replay as entered or, without one, with the tape, and that replay with
the tape, each measured at the end of the same lifetime. Sweeps of a security-day share its market,
and those of a participant its ways: both are clusters, and so are the sweeps that a participant had
in a security-day.

What is entered is not demand: one participant can enter most of the shares and want to fill few of
them. So what all sweeps fill and cost has beside it how much of it is one participant's, and what
they fill in the dark how much of it few gave: it depends on these being there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.metrics.choice_sums import AMOUNTS as ROW_AMOUNTS
from sweep_dask.analysis.metrics.choice_sums import COUNTS as ROW_COUNTS
from sweep_dask.analysis.rollups.cells import (
    LIMBS,
    Cells,
    carried,
    exact,
    first_of_each,
    merged,
    no_cells,
)
from sweep_dask.analysis.rollups.sweeps import NO_PARTICIPANT
from sweep_dask.analysis.tables import coded, over, schema, sums_at, whole_numbers, whole_numbers_or
from sweep_dask.terms.arms import AS_ENTERED, TAPE
from sweep_dask.terms.metrics import ANSWER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.centre_point.choices import Case, Choices
    from sweep_dask.analysis.tables import FloatArray, IntArray, Schema
    from sweep_dask.terms.arms import Arm

#: What each sum is over: the sweeps, or what they are worth.
WEIGHTS = ("n_sweeps", "paper_value_aud")
CLUSTERS = ("security-day", "participant", "both")
SECURITY_DAY, PARTICIPANT, BOTH = range(len(CLUSTERS))
COUNTS = ("n_clusters",)
#: Of clusters: the sums of their differences and weights, and the squares and products of these.
SUMS = ("total", "weight", "squared_total", "total_times_weight", "squared_weight")
LEVEL_COUNTS, LEVEL_SUMS = tuple(ROW_COUNTS), tuple(ROW_AMOUNTS)


def cases_of(arms: Sequence[Arm], choices: Choices) -> list[Case]:
    """Every case of a run with these arms, in the order of rows."""
    scenarios = [arm.scenario for arm in arms if arm.scenario is not None]
    names = [TAPE, *scenarios] if scenarios else []
    return [case for name in names for case in choices.cases(name)]


def references_of(cases: Sequence[Case]) -> IntArray:
    """int64[cases], the number of the case that each is compared with; its own: with none."""
    names = {case.scenario for case in cases}
    of_scenarios = AS_ENTERED if AS_ENTERED in names else TAPE
    number_of = {case: number for number, case in enumerate(cases)}

    def compared_with(case: Case) -> Case:
        reference = TAPE if case.scenario in (TAPE, AS_ENTERED) else of_scenarios
        return case._replace(scenario=reference, adoption=0.0, switch="")

    return np.array([number_of[compared_with(case)] for case in cases], dtype=np.int64)


def shape_of(cases: Sequence[Case]) -> tuple[int, ...]:
    """How many there are of everything that a code packs: case, metric, weight, cluster."""
    return len(cases), len(ANSWER), len(WEIGHTS), len(CLUSTERS)


def level_cells(rows: pa.Table, cases: Sequence[Case]) -> Cells:
    """What all sweeps fill and cost: counts `choice_sums.COUNTS` and sums `AMOUNTS`.

    Rows as of `sensitivity_cells`; a code is a case, a segment the participant.
    """
    if not len(rows):
        return no_cells(len(LEVEL_COUNTS), len(LEVEL_SUMS))
    found = _Rows(rows, len(cases))
    at = found.of_cases(np.arange(len(cases)))
    counts = np.stack([whole_numbers(rows, name)[at.ravel()] for name in LEVEL_COUNTS], axis=-1)
    sums = np.stack(
        [np.asarray(rows[name], np.float64)[at.ravel()] for name in LEVEL_SUMS], axis=-1
    )
    case, participant = np.indices(at.shape)
    of_rows = Cells(case.ravel(), found.participant[participant.ravel()], counts, exact(sums))
    return merged([of_rows])


def sensitivity_cells(rows: pa.Table, cases: Sequence[Case]) -> Cells:
    """Counts `COUNTS` and sums `SUMS` of whole partitions.

    `rows`: columns `SENSITIVITY_COLUMNS`, of each partition all cases in their order, of each case
    the same participants in the same order.
    """
    references = references_of(cases)
    compared = np.flatnonzero(references != np.arange(len(cases)))
    if not len(rows) or not compared.size:
        return no_cells(len(COUNTS), len(SUMS))
    found = _Rows(rows, len(cases))
    # [metrics, weights, cases, participants of all partitions]
    values = np.stack([[rows[f"{n}_sum"], rows[worth]] for n, worth in ANSWER.items()])
    weights = np.stack([rows[name] for name in WEIGHTS]).astype(np.float64)
    at, reference = found.of_cases(compared), found.of_cases(references[compared])
    differences = values[..., at] - values[..., reference]
    weight = np.broadcast_to(weights[:, at], differences.shape)
    numbers = np.indices((*differences.shape[:2], compared.size)).reshape(3, -1)
    metric, weighting, case = numbers[0], numbers[1], compared[numbers[2]]
    parts = []
    for cluster in range(len(CLUSTERS)):
        code = np.ravel_multi_index((case, metric, weighting, cluster), shape_of(cases))
        parts.append(found.clustered(differences, weight, cluster, code))
    return merged(parts)


class _Rows:
    """Where what of a case stands among the rows of several partitions."""

    def __init__(self, rows: pa.Table, cases: int) -> None:
        date, _ = coded(rows["date"])
        self._first = first_of_each(date, whole_numbers(rows, "security"))
        count = np.diff(np.append(self._first, len(rows)))
        assert not (count % cases).any(), "every case has the same participants"
        self._participants = count // cases
        self._begins = np.cumsum(self._participants) - self._participants
        every = np.arange(int(self._participants.sum()))
        self._within = every - np.repeat(self._begins, self._participants)
        participant = whole_numbers_or(rows, "participant", NO_PARTICIPANT)
        (self.participant,) = participant[self.of_cases(np.zeros(1, np.int64))]
        """int64[participants of all partitions]"""

    def of_cases(self, cases: IntArray) -> IntArray:
        """int64[cases, participants of all partitions], their rows."""
        begins = self._first + cases[:, None] * self._participants
        rows: IntArray = np.repeat(begins, self._participants, axis=1) + self._within
        return rows

    def clustered(
        self, total: FloatArray, weight: FloatArray, cluster: int, code: IntArray
    ) -> Cells:
        """What the clusters of one kind leave, by code.

        Parameters
        ----------
        total, weight
            float64[..., participants of all partitions]: sums of differences and weights; all
            dimensions but the last are those of the codes.
        """
        total, weight = (array.reshape(code.size, -1) for array in (total, weight))
        if cluster == SECURITY_DAY:
            total, weight = (np.add.reduceat(a, self._begins, axis=1) for a in (total, weight))
        squares = [total**2, total * weight, weight**2]
        segment = np.zeros(1, np.int64)
        if cluster == PARTICIPANT:
            # A participant's clusters are known only when all its sums are.
            squares = [np.zeros_like(total)] * len(squares)
            segment = self.participant
        sums = exact(np.stack([total, weight, *squares], axis=-1))
        counts = (weight > 0).astype(np.int64)[..., None]
        if cluster != PARTICIPANT:
            counts, sums = (array.sum(axis=1, keepdims=True) for array in (counts, sums))
        return Cells(
            np.repeat(code, segment.size),
            np.tile(segment, code.size),
            counts.reshape(-1, len(COUNTS)),
            carried(sums.reshape(-1, len(SUMS), LIMBS)),
        )


#: Of the participant who entered most shares; null and 0 if none is known.
LARGEST: Schema = schema(
    "largest_participant:Int64 largest_participant_share:float64 "
    "largest_participant_quantity:int64 largest_participant_sweeps:int64"
)
#: Of the participants who gave most in the dark; null if none of those who gave is known.
CONTRAS: Schema = schema("largest_five_contras_share:float64")
_FIVE = 5
_SWEEPS, _SHARES, _DARK, _GIVEN = (
    LEVEL_COUNTS.index(name)
    for name in ("n_sweeps", "quantity", "dark_quantity", "contra_quantity")
)


def largest_participants(cells: Cells, total: Cells) -> dict[str, Any]:
    """Columns `LARGEST`, a row for each case, from cells as of `level_cells`.

    `total`: the same cases, the participants of each added up.
    """
    at = _largest(cells)
    found = np.zeros((total.code.size, 3), np.int64)
    found[np.searchsorted(total.code, cells.code[at])] = np.column_stack(
        [cells.segment[at], cells.counts[at, _SHARES], cells.counts[at, _SWEEPS]]
    )
    participant, shares, sweeps = found.T
    return {
        "largest_participant": pa.array(participant, mask=shares == 0),
        "largest_participant_share": over(shares, total.counts[:, _SHARES]),
        "largest_participant_quantity": shares,
        "largest_participant_sweeps": sweeps,
    }


def _largest(cells: Cells) -> IntArray:
    """The cell of the largest known participant of each code; of equal ones the smallest id."""
    known = np.flatnonzero((cells.segment != NO_PARTICIPANT) & (cells.counts[:, _SHARES] > 0))
    keys = (-cells.segment[known], cells.counts[known, _SHARES], cells.code[known])
    order = known[np.lexsort(keys)]
    code = cells.code[order]
    is_last = np.append(code[1:] != code[:-1], True)[: code.size]
    last: IntArray = order[is_last]
    return last


def largest_contras(cells: Cells, total: Cells) -> dict[str, Any]:
    """Columns `CONTRAS`, a row for each case; parameters as above.

    Those who are not known are none of the five, but what they gave counts.
    """
    known = cells.segment != NO_PARTICIPANT
    case = np.searchsorted(total.code, cells.code[known])
    given = cells.counts[known, _GIVEN]
    order = np.lexsort((-given, case))
    case, given = case[order], given[order]
    rank = np.arange(case.size) - np.searchsorted(case, case)
    of_five = sums_at(case, given * (rank < _FIVE), total.code.size)
    dark = np.where(of_five > 0, total.counts[:, _DARK], 0)
    return {"largest_five_contras_share": over(of_five, dark)}
