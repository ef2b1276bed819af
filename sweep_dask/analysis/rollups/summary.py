"""What sweeps leave for the answer; the answer of all sweeps is the sum of their summaries.

Merging is associative and commutative to the last bit: any cut of the sweeps at partitions, and any
order and grouping of merges, gives the same summary. Its size depends on how many segments there
are, not on how many sweeps. The one sweep that shows best what a scenario changes is part of it.
"""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.rollups import pairs, sensitivity, totals
from sweep_dask.analysis.rollups.cells import Cells, merged, no_cells
from sweep_dask.analysis.rollups.pairs import pair_cells
from sweep_dask.analysis.rollups.sensitivity import level_cells, sensitivity_cells
from sweep_dask.analysis.rollups.spreads import spread_cells
from sweep_dask.analysis.rollups.sweeps import HEADLINE_LEVEL
from sweep_dask.analysis.rollups.totals import reason_cells, total_cells
from sweep_dask.analysis.tables import schema, table_of_rows
from sweep_dask.terms.arms import ARMS, CENTRE_POINT, DUAL_POST, REAL, REPLAYED, REST_DARK, Arm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.choices import Case
    from sweep_dask.analysis.rollups.sweeps import Sweeps

#: The metric by which arms differ most.
EXAMPLE_METRIC = "filled_quantity"
#: No row or one.
EXAMPLE = schema(
    "date:str security:int32 order_id:int64 reference:str model:str scenario:str metric:str "
    "difference:float64"
)
#: The first of them that was run is shown beside the tape.
_SHOWN = tuple(
    dict.fromkeys(
        (
            *(Arm(CENTRE_POINT, name) for name in (REST_DARK, DUAL_POST)),
            *(arm for arm in ARMS[::-1] if arm not in (REAL, REPLAYED)),
        )
    )
)


class Candidate(NamedTuple):
    """A sweep; of two the larger one is shown."""

    rank: int
    """2: it differs and has fills on both sides; 1: it differs; 0."""
    apart: int
    """Shares by which the arms differ."""
    before_day: int
    """The day and the others with a minus: the first is the largest."""
    before_security: int
    before_position: int
    """Position among the sweeps of its partition."""
    order_id: int
    difference: int
    """Simulated minus tape, shares."""


def best_candidate(sweeps: Sweeps) -> list[Candidate]:
    """The sweep in continuous trading whose filled quantity differs most, or none.

    One with fills on both sides if any of these differs, else any that differs, else any; the
    first of several.
    """
    shown = _shown(sweeps.arms)
    chosen = np.flatnonzero(sweeps.level >= HEADLINE_LEVEL)
    if shown is None or not chosen.size:
        return []
    filled = sweeps.whole_numbers(EXAMPLE_METRIC)[:, chosen]
    real, simulated = filled[0], filled[sweeps.arms.index(shown)]
    apart = np.abs(real - simulated)
    rank = (apart > 0) * (1 + ((real > 0) & (simulated > 0)))
    day, security = (sweeps.segments[name] for name in ("day", "security"))
    # The first of those that are equal.
    best = np.lexsort((-chosen, -security[chosen], -day[chosen], apart, rank))[-1]
    row = chosen[best]
    position = row - np.searchsorted(sweeps.partition, sweeps.partition[row])
    return [
        Candidate(
            int(rank[best]),
            int(apart[best]),
            -int(day[row]),
            -int(security[row]),
            -int(position),
            int(sweeps.whole_numbers("order_id")[0, row]),
            int(simulated[best] - real[best]),
        )
    ]


def best_of(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The one to show, or none."""
    return sorted(candidates)[-1:]


def example_sweep(candidates: Sequence[Candidate], arms: Sequence[Arm]) -> pa.Table:
    """The table of the one; columns `EXAMPLE`."""
    shown = _shown(arms)
    if shown is None:
        return table_of_rows(EXAMPLE, [])
    rows = [
        {
            "date": dt.date.fromordinal(-found.before_day).isoformat(),
            "security": -found.before_security,
            "order_id": found.order_id,
            "reference": REAL.name,
            "model": shown.model,
            "scenario": shown.scenario,
            "metric": EXAMPLE_METRIC,
            "difference": found.difference,
        }
        for found in candidates
    ]
    return table_of_rows(EXAMPLE, rows)


def _shown(arms: Sequence[Arm]) -> Arm | None:
    return next((arm for arm in _SHOWN if arm in arms), None)


class Summary(NamedTuple):
    """Of some sweeps in all arms."""

    totals: Cells
    pairs: Cells
    spreads: Cells
    reasons: Cells
    levels: Cells
    sensitivity: Cells
    example: list[Candidate]
    """One or none."""


def nothing() -> Summary:
    """The summary of no sweeps."""
    return Summary(
        no_cells(len(totals.COUNTS), len(totals.SUMS)),
        no_cells(len(pairs.COUNTS), len(pairs.SUMS)),
        no_cells(1, 0),
        no_cells(2, 0),
        no_cells(len(sensitivity.LEVEL_COUNTS), len(sensitivity.LEVEL_SUMS)),
        no_cells(len(sensitivity.COUNTS), len(sensitivity.SUMS)),
        [],
    )


def summary_of(sweeps: Sweeps) -> Summary:
    """The summary of whole partitions, but for what choices change."""
    return nothing()._replace(
        totals=total_cells(sweeps),
        pairs=pair_cells(sweeps),
        spreads=spread_cells(sweeps),
        reasons=reason_cells(sweeps),
        example=best_candidate(sweeps),
    )


def summary_of_choices(rows: pa.Table, cases: Sequence[Case]) -> Summary:
    """The rest of it, from rows `SENSITIVITY_COLUMNS` of whole partitions."""
    return nothing()._replace(
        levels=level_cells(rows, cases), sensitivity=sensitivity_cells(rows, cases)
    )


def added(summaries: Iterable[Summary]) -> Summary:
    """The summary of all that the given ones are of; of nothing if there are none."""
    of_all = list(summaries) or [nothing()]
    *cells, examples = zip(*of_all, strict=True)
    return Summary._make([*map(merged, cells), best_of(chain.from_iterable(examples))])
