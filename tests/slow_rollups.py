"""Roll-ups of a whole table at once, one row after the other: what the fast ones must equal."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sweep_dask.analysis.significance import benjamini_hochberg, holm
from sweep_dask.terms.arms import REAL, comparisons_of
from sweep_dask.terms.metrics import COMPARED

HEADLINE = [
    *("fill_ratio", "far_touch_improvement_bps", "arrival_cost_bps"),
    *("implementation_shortfall_bps", "completed_shortfall_bps", "effective_spread_bps"),
    *("time_to_first_fill_seconds", "mean_time_to_fill_seconds"),
]
INTEGERS = ["quantity", "filled_quantity", "unfilled_quantity", "dark_quantity", "fill_count"]
AMOUNTS = [
    *("arrival_cost_aud", "opportunity_cost_aud", "implementation_shortfall_aud"),
    *("completed_shortfall_aud", "far_touch_improvement_aud"),
]
#: Relative error of a quantile.
SHORTENED = 2**-8
PARTS = ["price_part_aud", "quantity_part_aud", "time_part_aud"]
#: Whatever is summed up, counted or averaged.
SUMMED = [*HEADLINE, *INTEGERS, *AMOUNTS, *PARTS]
SUMMED += ["outcome", "arrival_midpoint", "parent_id", "order_id", "added_quantity"]
POPULATIONS = {
    "all": lambda sweeps: np.ones(len(sweeps), dtype=bool),
    "continuous": lambda sweeps: sweeps["is_continuous"].to_numpy(),
    "residual": lambda sweeps: (sweeps["is_continuous"] & sweeps["has_residual"]).to_numpy(),
}


def slow_rollups(table, arms):
    """Every roll-up by name, its rows in order."""
    frames = {arm: _of_arm(table, arm) for arm in arms}
    labels = _labels(frames[REAL])
    return {
        **{f"by_{name}": _by(frames, labels, name) for name in labels},
        "comparisons": _comparisons(frames, labels),
        "averages": _averages(frames),
        "distributions": _distributions(frames),
        "unfilled": _unfilled(frames),
    }


def assert_same_rows(found, expected, name):
    """The same rows in the same order; floats but for rounding, all else exactly."""
    if expected.empty:
        assert found.empty, name
        return
    assert list(found) == [column for column in found if column in expected], name
    expected = expected[list(found)]
    for column in found:
        if found[column].dtype.kind == "f":
            is_quantile = column == "value" or column[-4:] in ("_p25", "_p50", "_p75")
            np.testing.assert_allclose(
                found[column],
                expected[column].astype(float),
                rtol=SHORTENED if is_quantile else 1e-9,
                atol=1e-12,
                err_msg=f"{name} {column}",
            )
        else:
            one, other = (frame[column].astype(object) for frame in (found, expected))
            assert one.where(one.notna(), None).tolist() == (
                other.where(other.notna(), None).tolist()
            ), (name, column)


def _of_arm(table, arm):
    same = table["scenario"].isna() if arm.scenario is None else table["scenario"] == arm.scenario
    return table[(table["model"] == arm.model) & same].reset_index(drop=True)


def _labels(tape):
    """Dimension -> the label of each sweep, and all labels in order."""

    def numbers(values):
        known = [str(number) for number in sorted(values.dropna().unique().tolist())]
        return [str(value) if pd.notna(value) else "unknown" for value in values], known

    reaches = ["marketable", "reaches the midpoint"]
    reaches += ["at or inside the near touch", "behind the near touch", "unknown"]
    spreads = ["1", "2", "3", "4", "5 or more", "unknown"]
    quantiles = [""] * len(tape)
    for place in tape.groupby(["date", "security"]).indices.values():
        bounds = _bounds(tape["quantity"].iloc[place].tolist())
        for row in place:
            quantiles[row] = f"Q{1 + sum(tape['quantity'][row] > bound for bound in bounds)}"
    participants, known = numbers(tape["participant"])
    short = tape["is_short_sell"].map({True: "short sell", False: "not short sell"})
    return {
        "all": (["all"] * len(tape), ["all"]),
        "marketability": (tape["marketability"].astype(object).fillna("unknown").tolist(), reaches),
        "day": (tape["date"].tolist(), sorted(tape["date"].unique())),
        "security": numbers(tape["security"]),
        "participant": (participants, [*known, "unknown"]),
        "size": (tape["size_class"].tolist(), ["Small", "Medium", "Large"]),
        "size_quantile": (quantiles, ["Q1", "Q2", "Q3", "Q4"]),
        "hour": (tape["hour"].tolist(), sorted(tape["hour"].unique())),
        "outcome": (tape["real_outcome"].tolist(), ["unfilled", "partly_filled", "filled"]),
        "spread": (tape["spread_class"].astype(object).fillna("unknown").tolist(), spreads),
        "side": (tape["side"].tolist(), ["buy", "sell"]),
        "short_sell": (short.tolist(), ["not short sell", "short sell"]),
    }


def _bounds(quantities):
    ascending = sorted(quantities)
    return [ascending[-(-len(ascending) * part // 4) - 1] for part in (1, 2, 3)]


def _chosen(labels, dimension, segment):
    return np.array([label == segment for label in labels[dimension][0]], dtype=bool)


def _by(frames, labels, dimension):
    rows = []
    for population, members in POPULATIONS.items():
        for segment in labels[dimension][1]:
            chosen = members(frames[REAL]) & _chosen(labels, dimension, segment)
            if chosen.any():
                head = {"population": population, "segment": segment}
                shares = (25, 50, 75) if dimension == "all" else ()
                rows += [
                    head | _keys(arm) | _sums(frame.loc[chosen, SUMMED], shares)
                    for arm, frame in frames.items()
                ]
    return pd.DataFrame(rows)


def _keys(arm):
    return {"model": arm.model, "scenario": arm.scenario}


def _sums(rows, shares):
    parts = rows[PARTS].dropna()
    found = {"n_sweeps": len(rows)} | {name: int(rows[name].sum()) for name in INTEGERS}
    for status in ("unfilled", "partly_filled", "filled"):
        found[f"n_{status}"] = int((rows["outcome"] == status).sum())
    found["n_engaged"] = int((rows["dark_quantity"] > 0).sum())
    found["n_priced"] = int(rows["arrival_midpoint"].notna().sum())
    found["n_parts"] = len(parts)
    found["paper_value_aud"] = (rows["arrival_midpoint"] * rows["quantity"] / 1000).sum()
    marked = rows[rows["implementation_shortfall_aud"].notna()]
    value = marked["arrival_midpoint"] * marked["quantity"] / 1000
    found["shortfall_paper_value_aud"] = value.sum()
    found |= {name: rows[name].sum() for name in AMOUNTS}
    found |= {name: parts[name].sum() for name in PARTS}
    found["n_parents"] = int((rows["parent_id"] == rows["order_id"]).sum())
    found["added_quantity"] = int(rows["added_quantity"].sum())
    for metric in HEADLINE:
        values = rows[metric].dropna()
        quantiles = {f"{metric}_p{share}": values.quantile(share / 100) for share in shares}
        found |= {f"{metric}_n": len(values), f"{metric}_mean": values.mean(), **quantiles}
    return found


def _comparisons(frames, labels):
    rows = []
    partitions = frames[REAL].groupby(["date", "security"]).ngroup().to_numpy()
    values = {
        arm: {metric: frame[metric].to_numpy(float, na_value=np.nan) for metric in COMPARED}
        for arm, frame in frames.items()
    }
    for population, members in POPULATIONS.items():
        for reference, arm in comparisons_of(list(frames)) if len(frames[REAL]) else []:
            for dimension, (_, segments) in labels.items():
                if dimension != "all" and population != "continuous":
                    continue
                for segment in segments:
                    chosen = members(frames[REAL]) & _chosen(labels, dimension, segment)
                    if dimension == "all" or chosen.any():
                        head = {"population": population, "reference": reference.name}
                        head |= _keys(arm) | {"dimension": dimension, "segment": segment}
                        metrics = COMPARED if dimension == "all" else HEADLINE
                        for metric in (metric for metric in COMPARED if metric in metrics):
                            pairs = (values[one][metric][chosen] for one in (reference, arm))
                            rows.append(head | _test(metric, partitions[chosen], *pairs))
    return _with_families(pd.DataFrame(rows))


def _test(metric, partitions, one, other):
    both = ~np.isnan(one) & ~np.isnan(other)
    difference = other[both] - one[both]
    better = difference * COMPARED[metric]
    has_direction, differs = COMPARED[metric] != 0, difference != 0
    return {
        "metric": metric,
        "tolerance": 0.0,
        "n_pairs": int(both.sum()),
        "n_agree": int((~differs).sum()),
        "n_better": int((better > 0).sum()) if has_direction else 0,
        "n_worse": int((better < 0).sum()) if has_direction else 0,
        "n_other": 0 if has_direction else int(differs.sum()),
        "n_reference_only": int((~np.isnan(one) & np.isnan(other)).sum()),
        "n_simulated_only": int((np.isnan(one) & ~np.isnan(other)).sum()),
        "n_sweeps": len(both),
        "mean_reference": _mean(one[both]),
        "mean_simulated": _mean(other[both]),
        **_of_clusters(partitions[both], difference),
    }


def _mean(values):
    return values.mean() if len(values) else np.nan


def _of_clusters(partitions, difference):
    mean, clusters = _mean(difference), [difference[partitions == p] for p in np.unique(partitions)]
    deviation = difference.std(ddof=1) if len(difference) > 1 else np.nan
    if len(difference) > 1 and np.ptp(difference) < 1e-9:
        deviation = 0.0
    off = np.array([(cluster - mean).sum() for cluster in clusters])
    total, n = np.array([cluster.sum() for cluster in clusters]), len(clusters)
    found = {
        "mean_difference": mean,
        "std_difference": deviation,
        "cohen_d_z": mean / deviation if deviation > 0 else np.nan,
        "n_clusters": n,
        "n_clusters_above": int((total > 1e-9).sum()),
        "n_clusters_below": int((total < -1e-9).sum()),
    }
    reason = (
        "no sweep has both values"
        if not len(difference)
        else "all differences are equal"
        if deviation == 0
        else "one security-day only"
        if n == 1
        else "the mean of every security-day is the same"
        if (abs(off) < 1e-9).all()
        else ""
    )
    untested = ("standard_error", "low", "high", "t_statistic", "p_value", "sign_p_value")
    if reason:
        return found | dict.fromkeys(untested, np.nan) | {"no_test_reason": reason}
    error = np.sqrt(n / (n - 1) * (off**2).sum()) / len(difference)
    freedom = len(difference) ** 2 / sum(len(cluster) ** 2 for cluster in clusters) - 1
    low, high = stats.t.interval(0.95, freedom, mean, error)
    above, below = found["n_clusters_above"], found["n_clusters_below"]
    return found | {
        "standard_error": error,
        "low": low,
        "high": high,
        "t_statistic": mean / error,
        "p_value": 2 * stats.t.sf(abs(mean / error), freedom),
        "sign_p_value": stats.binomtest(above, above + below).pvalue if above + below else 1.0,
        "no_test_reason": "",
    }


def _with_families(rows):
    if rows.empty:
        return rows
    for _, family in rows.groupby(["population", "reference", "dimension"]):
        p_value = family["p_value"].to_numpy()
        rows.loc[family.index, "p_holm"] = holm(p_value)
        rows.loc[family.index, "p_benjamini_hochberg"] = benjamini_hochberg(p_value)
    return rows


def _averages(frames):
    rows = []
    for population, members in POPULATIONS.items():
        for reference, arm in comparisons_of(list(frames)) if len(frames[REAL]) else []:
            one, other = frames[reference], frames[arm]
            with_dark_fill = ((one["dark_quantity"] > 0) | (other["dark_quantity"] > 0)).to_numpy()
            for condition, also in (("all", True), ("engaged", with_dark_fill)):
                chosen = members(frames[REAL]) & also
                head = {"population": population, "reference": reference.name} | _keys(arm)
                head["condition"] = condition
                rows += [
                    head | _average(metric, *(frame[metric][chosen] for frame in (one, other)))
                    for metric in COMPARED
                ]
    return pd.DataFrame(rows)


def _average(metric, one, other):
    one, other = one.astype(float), other.astype(float)
    both = one.notna() & other.notna()
    return {
        "metric": metric,
        "n_sweeps": len(one),
        "n_reference": int(one.count()),
        "mean_reference": one.mean(),
        "n_simulated": int(other.count()),
        "mean_simulated": other.mean(),
        "n_pairs": int(both.sum()),
        "paired_mean_reference": one[both].mean(),
        "paired_mean_simulated": other[both].mean(),
        "mean_difference": (other - one).mean(),
    }


def _distributions(frames):
    rows = []
    for population, members in POPULATIONS.items():
        for arm, frame in frames.items():
            for metric in HEADLINE:
                values = frame[members(frame)][metric].dropna().to_numpy()
                head = {"population": population} | _keys(arm) | {"metric": metric}
                head["n_values"] = len(values)
                found = np.percentile(values, range(101)) if len(values) else []
                rows += [head | {"percent": p, "value": v} for p, v in enumerate(found)]
    return pd.DataFrame(rows)


def _unfilled(frames):
    rows = []
    for population, members in POPULATIONS.items():
        for arm, frame in frames.items():
            left = frame[members(frame) & (frame["unfilled_reason"] != "")]
            for reason, found in left.groupby(left["unfilled_reason"].astype(str)):
                head = {
                    "population": population,
                    "scenario": arm.scenario,
                    "unfilled_reason": reason,
                }
                shares = int(found["unfilled_quantity"].sum())
                rows.append(head | {"n_sweeps": len(found), "unfilled_quantity": shares})
    return pd.DataFrame(rows)
