"""The tables of stages 3 and 8-11 of the time-priority model, from dictionaries and loops.

Written from the model's page, like `slow_model`; only Student's t comes from scipy.
"""

from __future__ import annotations

import math
from statistics import mean, median, stdev

from scipy.stats import ttest_rel

METRICS = {
    "Matched Quantity": ("real_matched_quantity", "simulated_matched_quantity"),
    "Fill Ratio": ("real_fill_ratio", "simulated_fill_ratio"),
    "Number of Matches": ("real_num_matches", "simulated_num_matches"),
}


def tables_of_partition(last, summary, matches, fills):
    """The nine tables and the aggregated trades; rows as dictionaries.

    last: order id to last state. summary, matches: stage 7. fills: trades in engine order.
    """
    trades = _fills_by_order(fills, "orderid", "tradetime", "quantity", "tradeprice")
    comparison = _comparison(summary, last, trades)
    sweep_ids = {row["orderid"] for row in summary}
    sweep_trades = {order: totals for order, totals in trades.items() if order in sweep_ids}
    trade_level = _trade_level(sweep_trades, matches)
    return {
        "simulation_order_summary": summary,
        "simulation_match_details": matches,
        "orders_with_simulated_metrics": _metrics(last, summary, matches),
        "sweep_order_comparison": comparison,
        "sweep_group_summary": _group_summary(comparison),
        "sweep_statistical_tests": _tests(comparison),
        "sweep_size_analysis": _sizes(comparison),
        "trade_level_comparison": trade_level,
        "trade_accuracy_summary": _accuracy(trade_level),
        "cp_trades_aggregated": [_aggregated(o, totals) for o, totals in sorted(trades.items())],
    }


def _fills_by_order(rows, order, time, quantity, price):
    lists = {}
    for row in rows:
        lists.setdefault(row[order], []).append((row[time], row[quantity], row[price]))
    return {order_id: _totals(its_fills) for order_id, its_fills in lists.items()}


def _totals(fills):
    times = [time for time, _, _ in fills]
    prices = [price for _, _, price in fills]
    quantity = sum(quantity for _, quantity, _ in fills)
    return {
        "count": len(fills),
        "quantity": quantity,
        "price": sum(prices) / len(prices),
        "vwap": sum(quantity * price for _, quantity, price in fills) / quantity,
        "std": stdev(prices) if len(prices) > 1 else 0.0,
        "first": min(times),
        "last": max(times),
        "seconds": (max(times) - min(times)) / 1e9,
    }


def _aggregated(order_id, totals):
    return {
        "orderid": order_id,
        "total_quantity_filled": totals["quantity"],
        "avg_execution_price": totals["price"],
        "first_trade_time": totals["first"],
        "last_trade_time": totals["last"],
        "num_trades": totals["count"],
        "vwap": totals["vwap"],
        "execution_duration_sec": totals["seconds"],
    }


def _status(matched, quantity):
    if matched == 0:
        return "Unfilled"
    return "Fully Filled" if matched >= quantity else "Partially Filled"


def _metrics(last, summary, matches):
    as_sweep = {row["orderid"]: row for row in summary}
    rows = []
    for order_id, state in last.items():
        sweep = as_sweep.get(order_id, {"matched_quantity": 0, "num_matches": 0})
        as_contra = [row for row in matches if row["incoming_orderid"] == order_id]
        quantity = sum(row["matched_quantity"] for row in as_contra)
        value = sum(row["matched_quantity"] * row["price"] for row in as_contra)
        matched = sweep["matched_quantity"]
        renamed = {"orderid" if name == "order_id" else name: v for name, v in state.items()}
        rows.append(
            renamed
            | {
                "simulated_matched_quantity": float(matched),
                "simulated_num_matches": sweep["num_matches"],
                "simulated_fill_ratio": matched / state["quantity"],
                "simulated_fill_status": _status(matched, state["quantity"]),
                "simulated_avg_price": value / quantity if quantity else 0.0,
                "simulated_total_value": float(value),
            }
        )
    return rows


def _comparison(summary, last, trades):
    rows = []
    for sweep in summary:
        state = last[sweep["orderid"]]
        available, matched = sweep["quantity"], sweep["matched_quantity"]
        real, quantity = state["totalmatchedquantity"], state["quantity"]
        trade_count = trades.get(sweep["orderid"], {"count": 0})["count"]
        real_ratio = real / quantity
        rows.append(
            {
                "orderid": sweep["orderid"],
                "available_quantity": available,
                "size_category": _size(available),
                "group": _group(state),
                "real_matched_quantity": real,
                "simulated_matched_quantity": matched,
                "matched_quantity_diff": matched - real,
                "real_fill_ratio": real_ratio,
                "simulated_fill_ratio": sweep["fill_ratio"],
                "fill_ratio_diff": sweep["fill_ratio"] - real_ratio,
                "real_num_matches": float(trade_count),
                "simulated_num_matches": sweep["num_matches"],
                "num_matches_diff": float(sweep["num_matches"] - trade_count),
                "real_fill_status": _status(real, quantity),
                "simulated_fill_status": _status(matched, available),
            }
        )
    return rows


def _size(available):
    if available <= 500:
        return "Small"
    return "Medium" if available <= 2000 else "Large"


def _group(state):
    if state["leavesquantity"] == 0:
        return "Group 1 (Fully Filled)"
    if state["totalmatchedquantity"] > 0:
        return "Group 2 (Partially Filled)"
    return "Group 3 (Unfilled)"


def _values(rows, name):
    return [row[name] for row in rows]


def _shares(rows):
    differences = _values(rows, "matched_quantity_diff")
    return {
        "pct_sim_better": 100 * sum(d > 0 for d in differences) / len(rows),
        "pct_sim_worse": 100 * sum(d < 0 for d in differences) / len(rows),
        "pct_sim_same": 100 * sum(d == 0 for d in differences) / len(rows),
    }


def _average(rows, name):
    return sum(_values(rows, name)) / len(rows)


def _group_summary(comparison):
    summary = []
    for group in dict.fromkeys(_values(comparison, "group")):
        rows = [row for row in comparison if row["group"] == group]
        summary.append(
            {
                "group": group,
                "num_orders": len(rows),
                "real_total_matched": sum(_values(rows, "real_matched_quantity")),
                "real_mean_matched": _average(rows, "real_matched_quantity"),
                "real_mean_fill_ratio": _average(rows, "real_fill_ratio"),
                "real_mean_num_matches": _average(rows, "real_num_matches"),
                "simulated_total_matched": sum(_values(rows, "simulated_matched_quantity")),
                "simulated_mean_matched": _average(rows, "simulated_matched_quantity"),
                "simulated_mean_fill_ratio": _average(rows, "simulated_fill_ratio"),
                "simulated_mean_num_matches": _average(rows, "simulated_num_matches"),
                "total_quantity_diff": sum(_values(rows, "matched_quantity_diff")),
                "mean_quantity_diff": _average(rows, "matched_quantity_diff"),
                "mean_fill_ratio_diff": _average(rows, "fill_ratio_diff"),
                "mean_num_matches_diff": _average(rows, "num_matches_diff"),
            }
            | _shares(rows)
        )
    return summary


def _deviation(rows, name):
    return stdev(map(float, _values(rows, name))) if len(rows) > 1 else None


def _sizes(comparison):
    analysis = []
    for size in ("Small", "Medium", "Large"):
        rows = [row for row in comparison if row["size_category"] == size]
        if not rows:
            continue
        available = _values(rows, "available_quantity")
        analysis.append(
            {
                "size_category": size,
                "num_orders": len(rows),
                "quantity_range": f"{min(available)} - {max(available)}",
                "real_total_matched": sum(_values(rows, "real_matched_quantity")),
                "real_mean_matched": _average(rows, "real_matched_quantity"),
                "real_std_matched": _deviation(rows, "real_matched_quantity"),
                "real_mean_fill_ratio": _average(rows, "real_fill_ratio"),
                "real_std_fill_ratio": _deviation(rows, "real_fill_ratio"),
                "simulated_total_matched": sum(_values(rows, "simulated_matched_quantity")),
                "simulated_mean_matched": _average(rows, "simulated_matched_quantity"),
                "simulated_std_matched": _deviation(rows, "simulated_matched_quantity"),
                "simulated_mean_fill_ratio": _average(rows, "simulated_fill_ratio"),
                "simulated_std_fill_ratio": _deviation(rows, "simulated_fill_ratio"),
                "mean_quantity_diff": _average(rows, "matched_quantity_diff"),
                "median_quantity_diff": float(median(_values(rows, "matched_quantity_diff"))),
                "std_quantity_diff": _deviation(rows, "matched_quantity_diff"),
                "mean_fill_ratio_diff": _average(rows, "fill_ratio_diff"),
                "median_fill_ratio_diff": median(_values(rows, "fill_ratio_diff")),
            }
            | _shares(rows)
        )
    return analysis


def _segments(comparison):
    yield "Overall", "All", comparison
    names = {
        "Group": lambda row: row["group"],
        "Size": lambda row: row["size_category"],
        "Group-Size": lambda row: f"{row['group']}_{row['size_category']}",
    }
    for kind, name_of in names.items():
        for name in dict.fromkeys(map(name_of, comparison)):
            yield kind, name, [row for row in comparison if name_of(row) == name]


def _tests(comparison):
    tests = []
    for kind, name, rows in _segments(comparison):
        for metric, (real_name, simulated_name) in METRICS.items():
            real, simulated = _values(rows, real_name), _values(rows, simulated_name)
            if len(set(real)) > 1 and len(set(simulated)) > 1:
                test = _paired_test(real, simulated)
                tests.append({"segment_type": kind, "segment_name": name, "metric": metric} | test)
    return tests


def _paired_test(real, simulated):
    differences = [s - r for s, r in zip(simulated, real, strict=True)]
    count, average = len(differences), mean(differences)
    tested = ttest_rel(simulated, real)
    interval = tested.confidence_interval(0.95)
    return {
        "n_samples": count,
        "mean_real": mean(map(float, real)),
        "mean_simulated": mean(map(float, simulated)),
        "mean_difference": float(average),
        "std_difference": math.sqrt(sum((d - average) ** 2 for d in differences) / count),
        "t_statistic": float(tested.statistic),
        "p_value": float(tested.pvalue),
        "significant_5pct": bool(tested.pvalue < 0.05),
        "significant_1pct": bool(tested.pvalue < 0.01),
        "ci_95_lower": float(interval.low),
        "ci_95_upper": float(interval.high),
    }


_NO_FILLS = {
    "count": 0,
    "quantity": 0,
    "price": 0.0,
    "std": 0.0,
    "first": None,
    "last": None,
    "seconds": 0.0,
}


def _trade_level(sweep_trades, matches):
    if not sweep_trades:
        return []
    simulated = _fills_by_order(matches, "sweep_orderid", "timestamp", "matched_quantity", "price")
    return [
        _trade_level_row(order, sweep_trades.get(order, _NO_FILLS), simulated.get(order, _NO_FILLS))
        for order in sorted(sweep_trades.keys() | simulated.keys())
    ]


def _trade_level_row(order_id, real, simulated):
    quantity_diff = simulated["quantity"] - real["quantity"]
    price_diff = simulated["price"] - real["price"]
    price_error = 100 * abs(price_diff) / real["price"] if real["price"] else 0.0
    time_diff = simulated["seconds"] - real["seconds"]
    return {
        "orderid": order_id,
        "total_trades": float(real["count"]),
        "total_quantity_filled": float(real["quantity"]),
        "weighted_avg_price": real["price"],
        "price_std_dev": real["std"],
        "first_trade_time": real["first"],
        "last_trade_time": real["last"],
        "execution_duration_sec": real["seconds"],
        "avg_time_between_trades": (
            real["seconds"] / (real["count"] - 1) if real["count"] > 1 else 0.0
        ),
        "sim_total_matches": float(simulated["count"]),
        "sim_total_quantity": float(simulated["quantity"]),
        "sim_avg_price": simulated["price"],
        "sim_price_std_dev": simulated["std"],
        "sim_first_match_time": simulated["first"],
        "sim_last_match_time": simulated["last"],
        "sim_execution_duration_sec": simulated["seconds"],
        "quantity_diff": float(quantity_diff),
        "quantity_accuracy_pct": (
            100 * simulated["quantity"] / real["quantity"] if real["quantity"] else 0.0
        ),
        "num_trades_diff": float(simulated["count"] - real["count"]),
        "price_diff": price_diff,
        "price_error_pct": price_error,
        "execution_time_diff_sec": time_diff,
        "match_status": _match_status(real, quantity_diff, price_error, time_diff),
        "accuracy_score": (
            40 * min(1, simulated["quantity"] / max(real["quantity"], 1))
            + 30 * max(0, 1 - price_error / 100)
            + 20 * min(1, simulated["count"] / max(real["count"], 1))
            + 10 * max(0, 1 - abs(time_diff) / 10)
        ),
    }


def _match_status(real, quantity_diff, price_error, time_diff):
    off = 100 * abs(quantity_diff) / max(real["quantity"], 1)
    if off < 5 and price_error < 1 and abs(time_diff) < 1:
        return "EXACT_MATCH"
    if off < 10 and price_error < 5:
        return "CLOSE_MATCH"
    return "PARTIAL_MATCH" if off < 25 else "POOR_MATCH"


def _accuracy(rows):
    if not rows:
        return []
    real, simulated = _values(rows, "total_quantity_filled"), _values(rows, "sim_total_quantity")
    trades, matches = _values(rows, "total_trades"), _values(rows, "sim_total_matches")
    statuses = _values(rows, "match_status")
    return [
        {
            "total_orders": len(rows),
            "orders_with_real_trades": sum(count > 0 for count in trades),
            "orders_with_sim_matches": sum(count > 0 for count in matches),
            "total_real_quantity": sum(real),
            "total_sim_quantity": sum(simulated),
            "quantity_match_rate_pct": 100 * sum(simulated) / max(sum(real), 1),
            "avg_price_error_pct": mean(_values(rows, "price_error_pct")),
            "median_price_error_pct": median(_values(rows, "price_error_pct")),
            "price_rmse": math.sqrt(mean(d * d for d in _values(rows, "price_diff"))),
            "total_real_trades": sum(trades),
            "total_sim_matches": sum(matches),
            "trade_count_match_rate_pct": 100 * sum(matches) / max(sum(trades), 1),
            "avg_time_diff_sec": mean(_values(rows, "execution_time_diff_sec")),
            "median_time_diff_sec": median(_values(rows, "execution_time_diff_sec")),
            "exact_matches": statuses.count("EXACT_MATCH"),
            "close_matches": statuses.count("CLOSE_MATCH"),
            "partial_matches": statuses.count("PARTIAL_MATCH"),
            "poor_matches": statuses.count("POOR_MATCH"),
            "avg_accuracy_score": mean(_values(rows, "accuracy_score")),
            "median_accuracy_score": median(_values(rows, "accuracy_score")),
        }
    ]
