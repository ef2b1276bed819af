"""A reference and a simulation compared: agreement, tests, and averages side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweep_dask.analysis.metrics.comparison import AGREEMENT, AVERAGES
from sweep_dask.analysis.rollups import pairs
from sweep_dask.analysis.rollups.cells import as_floats
from sweep_dask.analysis.rollups.pairs import CONDITIONS, PACKED, arm_pairs, pair_shape
from sweep_dask.analysis.significance import ClusterSums, benjamini_hochberg, cluster_tests, holm
from sweep_dask.analysis.tables import over, schema
from sweep_dask.terms.dimensions import SEGMENT_KINDS
from sweep_dask.terms.metrics import COMPARED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.rollups.cells import Cells
    from sweep_dask.analysis.tables import IntArray, Schema
    from sweep_dask.terms.arms import Arm

_COUNTS = {name: kind for name, kind in AGREEMENT.items() if name != "metric"}
#: Each column has an entry in docs/metrics.md.
TESTS: Schema = schema(
    "mean_reference:float64 mean_simulated:float64 mean_difference:float64 std_difference:float64 "
    "cohen_d_z:float64 n_clusters:int64 standard_error:float64 low:float64 high:float64 "
    "t_statistic:float64 p_value:float64 p_holm:float64 p_benjamini_hochberg:float64 "
    "n_clusters_above:int64 n_clusters_below:int64 sign_p_value:float64 no_test_reason:str"
)
#: The numbers of a comparison.
COMPARISON: Schema = {**_COUNTS, **TESTS}
#: Those of the averages under a condition.
AVERAGE: Schema = {
    name: kind for name, kind in AVERAGES.items() if name not in ("condition", "metric")
}


def comparisons(cells: Cells, arms: Sequence[Arm]) -> pd.DataFrame:
    """Every pair of arms of every segment and metric: numbers of `PACKED`, and `COMPARISON`.

    A family is all rows of a population, a reference and a dimension.
    """
    rows = _rows(cells, arms)
    rows = rows[rows["condition"] == CONDITIONS.index("all")].reset_index(drop=True)
    tested = rows.assign(**_agreement(rows), **_tests(rows))
    family = tested.groupby(["population", "reference", "dimension"], sort=False)["p_value"]
    return tested.assign(
        p_holm=family.transform(lambda p: holm(p.to_numpy())),
        p_benjamini_hochberg=family.transform(lambda p: benjamini_hochberg(p.to_numpy())),
    )


def averages(cells: Cells, arms: Sequence[Arm]) -> pd.DataFrame:
    """All sweeps of each population and condition: numbers of `PACKED`, and `AVERAGE`."""
    rows = _rows(cells, arms)
    rows = rows[rows["dimension"] == SEGMENT_KINDS.index("all")].reset_index(drop=True)
    simulated = rows["real"] + rows["difference"]
    return rows.assign(
        mean_reference=over(rows["real"] + rows["real_alone"], rows["n_reference"]),
        mean_simulated=over(simulated + rows["simulated_alone"], rows["n_simulated"]),
        paired_mean_reference=over(rows["real"], rows["n_pairs"]),
        paired_mean_simulated=over(simulated, rows["n_pairs"]),
        mean_difference=over(rows["difference"], rows["n_pairs"]),
    )


def _rows(cells: Cells, arms: Sequence[Arm]) -> pd.DataFrame:
    """Cells as a table, with the numbers of the two arms."""
    numbers = np.unravel_index(cells.code, pair_shape(arms))
    columns: dict[str, Any] = dict(zip(PACKED, numbers, strict=True))
    both = np.array(arm_pairs(arms), dtype=np.int64).reshape(-1, 2)[columns["pair"]]
    columns |= {"reference": both[:, 0], "arm": both[:, 1], "segment": cells.segment}
    columns |= dict(zip(pairs.COUNTS, cells.counts.T, strict=True))
    columns |= dict(zip(pairs.SUMS, as_floats(cells.sums).T, strict=True))
    return pd.DataFrame(columns)


def _agreement(rows: pd.DataFrame) -> dict[str, Any]:
    """Columns of `AGREEMENT` that say for whom a difference is better."""
    direction = np.array(list(COMPARED.values()))[rows["metric"]]
    larger, smaller = (_whole(rows, name) for name in ("n_larger", "n_smaller"))
    n_pairs = _whole(rows, "n_pairs")
    better = np.where(direction > 0, larger, smaller)
    worse = np.where(direction > 0, smaller, larger)
    return {
        "tolerance": 0.0,
        "n_agree": n_pairs - larger - smaller,
        "n_better": np.where(direction, better, 0),
        "n_worse": np.where(direction, worse, 0),
        "n_other": np.where(direction, 0, better + worse),
        "n_reference_only": _whole(rows, "n_reference") - n_pairs,
        "n_simulated_only": _whole(rows, "n_simulated") - n_pairs,
    }


def _tests(rows: pd.DataFrame) -> dict[str, Any]:
    def amounts(name: str) -> Any:
        return rows[name].to_numpy(np.float64)

    sums = ClusterSums(
        n=_whole(rows, "n_pairs"),
        total=amounts("difference"),
        squared=amounts("squared_difference"),
        n_clusters=_whole(rows, "n_clusters"),
        n_above=_whole(rows, "n_clusters_above"),
        n_below=_whole(rows, "n_clusters_below"),
        squared_n=_whole(rows, "squared_pairs"),
        squared_total=amounts("squared_cluster"),
        total_times_n=amounts("cluster_times_pairs"),
    )
    return {
        "mean_reference": over(amounts("real"), sums.n),
        "mean_simulated": over(amounts("real") + sums.total, sums.n),
        **cluster_tests(sums),
    }


def _whole(rows: pd.DataFrame, name: str) -> IntArray:
    return rows[name].to_numpy(np.int64)
