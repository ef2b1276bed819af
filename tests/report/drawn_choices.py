"""What the sweeps of a drawn market fill and cost under every choice; made up from its arms.

Columns `SENSITIVITY_COLUMNS`: whole partitions, in each all cases, of each case the same
participants.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from rolled_up import spec_of

from sweep_dask.analysis.metrics.choice_sums import AMOUNTS, COUNTS, SENSITIVITY_COLUMNS
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.analysis.tables import table
from sweep_dask.terms.arms import TAPE

#: What a choice does to the difference of an arm to the tape; all others leave it as it is.
_TURNS = {("rest-dark", "close", 1.0): -0.5}
_COSTS = ("implementation_shortfall", "completed_shortfall")


def drawn_choices(market):
    """Rows of every case of the market's arms; None without a scenario."""
    spec = spec_of(list(market))
    cases = cases_of(spec.arms, spec.choices)
    if not cases:
        return None
    of_arm = {arm.scenario or arm.model: _summed(frame) for arm, frame in market.items()}
    parts = [_rows(of_arm, case).assign(case=number) for number, case in enumerate(cases)]
    rows = pd.concat(parts).reset_index().sort_values(["date", "security", "case"], kind="stable")
    return table(SENSITIVITY_COLUMNS, {name: rows[name] for name in SENSITIVITY_COLUMNS})


def _summable(frame):
    """Amounts and counts of each sweep, none of one that is not asked about or has no mark."""
    is_asked = frame["is_continuous"].to_numpy(bool)
    has_mark = is_asked & frame["completed_shortfall_bps"].notna().to_numpy()
    paper = frame["arrival_midpoint"].to_numpy() * frame["quantity"].to_numpy() / 1000
    amounts = {
        "n_sweeps": np.ones(len(frame), np.int64),
        "n_affected": np.arange(len(frame)) % 4 > 0,
        **{name: frame[name] for name in ("quantity", "filled_quantity", "dark_quantity")},
        "among_adopters_quantity": frame["dark_quantity"] // 2,
        # Of its own participant; the tape does not say.
        "contra_quantity": frame["dark_quantity"] // 4,
        "paper_value_aud": paper,
        "fill_ratio_sum": frame["fill_ratio"],
        "filled_paper_value_aud": paper * frame["fill_ratio"],
        **{f"{cost}_bps_sum": frame[f"{cost}_bps"] for cost in _COSTS},
        **{f"{cost}_aud": frame[f"{cost}_aud"] for cost in _COSTS},
    }
    shown = {name: np.where(has_mark, values, 0) for name, values in amounts.items()}
    keys = {name: frame[name] for name in ("date", "security", "participant")}
    return pd.DataFrame(keys | shown | {"n_unmarked": (is_asked & ~has_mark).astype(np.int64)})


def _summed(frame):
    keys = ["date", "security", "participant"]
    return _summable(frame).groupby(keys, dropna=False)[[*COUNTS, *AMOUNTS]].sum()


def _rows(of_arm, case):
    found, real = of_arm[case.scenario].copy(), of_arm[TAPE]
    factor = _TURNS.get(case[:3], 1.0)
    for name in AMOUNTS:
        found[name] = real[name] + factor * (found[name] - real[name])
    return found.assign(**case._asdict())
