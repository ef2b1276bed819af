"""What sweeps leave for the answer; the answer of all sweeps is the sum of their summaries.

Merging is associative and commutative to the last bit: any cut of the sweeps at partitions, and any
order and grouping of merges, gives the same summary. Its size depends on how many segments there
are, not on how many sweeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.analysis.rollups import pairs, sensitivity, totals
from sweep_dask.analysis.rollups.cells import Cells, merged, no_cells
from sweep_dask.analysis.rollups.example import Candidate, best_candidate, best_of
from sweep_dask.analysis.rollups.pairs import pair_cells
from sweep_dask.analysis.rollups.sensitivity import level_cells, sensitivity_cells
from sweep_dask.analysis.rollups.spreads import spread_cells
from sweep_dask.analysis.rollups.totals import total_cells
from sweep_dask.analysis.rollups.unfilled import reason_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.choices import Case
    from sweep_dask.analysis.rollups.sweeps import Sweeps


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
    return Summary(
        merged(one.totals for one in of_all),
        merged(one.pairs for one in of_all),
        merged(one.spreads for one in of_all),
        merged(one.reasons for one in of_all),
        merged(one.levels for one in of_all),
        merged(one.sensitivity for one in of_all),
        best_of(candidate for one in of_all for candidate in one.example),
    )
