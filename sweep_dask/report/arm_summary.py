"""The answer in brief: what really happened beside each simulation, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.terms.populations import HEADLINE_POPULATION

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the roll-up `by_all`, in the order of the answer.
_COUNTS = ("n_sweeps", "n_filled", "n_partly_filled", "n_unfilled", "quantity", "filled_quantity")
_MEANS = (
    *("far_touch_improvement_bps_mean", "arrival_cost_bps_mean"),
    *("implementation_shortfall_bps_mean", "completed_shortfall_bps_mean"),
    *("far_touch_improvement_aud", "arrival_cost_aud"),
    *("implementation_shortfall_aud", "completed_shortfall_aud"),
    "time_to_first_fill_seconds_p50",
)


def arm_summary(by_all: pd.DataFrame) -> pd.DataFrame:
    """A row an arm, by name: counts, shares and costs of the sweeps in continuous trading.

    Parameters
    ----------
    by_all
        The roll-up of that name.

    Returns
    -------
    DataFrame
        Index `arm`: `tape`, the model or, with scenarios, the scenario. `filled_share` is filled
        of all shares and `dark_share` dark ones of the filled, NaN of none; all other columns are
        those of the roll-up.
    """
    rows = by_all[by_all["population"] == HEADLINE_POPULATION]
    names = rows["scenario"].where(rows["scenario"].notna(), rows["model"])
    shares = {
        "filled_share": _share(rows["filled_quantity"], rows["quantity"]),
        "dark_share": _share(rows["dark_quantity"], rows["filled_quantity"]),
    }
    columns = [*_COUNTS, *shares, "fill_ratio_mean", *_MEANS]
    return rows.assign(**shares)[columns].set_axis(names.rename("arm"), axis="index")


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.astype("float64").where(whole != 0)
