"""Output folders of the Centre Point model made by hand, for the tests of the report."""

from __future__ import annotations

import json

import numpy as np
from report_folders import DATE, SECURITY, make_manifest, write_table

from sweep_dask.analysis.centre_point.fidelity import Score, Tally
from sweep_dask.analysis.centre_point.match_table import LEFT_OUT
from sweep_dask.analysis.centre_point.scenarios import SCENARIOS
from sweep_dask.analysis.centre_point.sweep_outcomes import SWEEP_SUMMARY
from sweep_dask.analysis.comparison import SWEEP_ORDER_COMPARISON
from sweep_dask.analysis.groups import GROUPS
from sweep_dask.analysis.simulation import MATCH_DETAILS
from sweep_dask.analysis.statistics import SWEEP_STATISTICAL_TESTS
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import write_manifest

#: 2024-10-04 10:00 in Sydney; as a float it would lose its last digits.
ENTRY_NS = 1_728_000_000_000_000_001
_FIRST_ID = 7_904_794_000_123_498_601


def sweep(number, quantity, real, date=DATE, security=SECURITY, affected=True):
    """A sweep and what really became of it: `real` is dark shares, lit shares, wait in ns."""
    return {
        "date": date,
        "security": security,
        "order_id": _FIRST_ID + number,
        "entry_timestamp": ENTRY_NS + number,
        "quantity": quantity,
        "is_affected": affected,
        "real": real,
        "outcomes": dict.fromkeys(SCENARIOS, (*real, "limit")),
        "time_priority": None,
    }


def summary_row(sweep, scenario):
    """The row of a sweep in one scenario; outcomes are dark, lit, wait in ns and reason."""
    dark, lit, wait_ns, reason = sweep["outcomes"][scenario]
    real_dark, real_lit, real_wait_ns = sweep["real"]
    left = sweep["quantity"] - dark - lit
    zeros = {name: 0 for name, kind in SWEEP_SUMMARY.items() if kind != "Int64"}
    return (
        zeros
        | {name: sweep[name] for name in sweep.keys() & SWEEP_SUMMARY.keys()}
        | {
            "model": "centre-point",
            "scenario": scenario,
            "filled_quantity": dark + lit,
            "unfilled_quantity": left,
            "unfilled_reason": reason if left else "",
            "dark_arrival_quantity": dark // 3,
            "dark_resting_quantity": dark - dark // 3,
            "lit_arrival_quantity": lit // 2,
            "lit_resting_quantity": lit - lit // 2,
            "first_fill_timestamp": _after(sweep, wait_ns if dark + lit else None),
            "real_filled_quantity": real_dark + real_lit,
            "real_dark_quantity": real_dark,
            "real_lit_quantity": real_lit,
            "real_first_fill_timestamp": _after(
                sweep, real_wait_ns if real_dark + real_lit else None
            ),
        }
    )


def _after(sweep, wait_ns):
    return None if wait_ns is None else sweep["entry_timestamp"] + wait_ns


def drawn_sweeps(count, seed=7):
    """Sweeps of six partitions, drawn at random; one in eight is unknown to time priority."""
    random = np.random.default_rng(seed)

    def outcome(quantity):
        filled = int(random.integers(0, quantity + 1)) if random.random() < 0.6 else 0
        dark = int(random.integers(0, filled + 1))
        wait_ns = int(random.choice([0, random.integers(1, 10**12)]))
        return dark, filled - dark, wait_ns

    sweeps = []
    for number in range(count):
        quantity = int(random.integers(1, 50_000))
        made = sweep(
            number,
            quantity,
            outcome(quantity),
            date=f"2024-10-0{random.integers(4, 6)}",
            security=int(random.choice([7, 21, 110621])),
            affected=bool(random.random() < 0.9),
        )
        reasons = ("limit", "contra_limit", "session", "decreased", "no_contra")
        made["outcomes"] = {
            name: (*outcome(quantity), str(random.choice(reasons))) for name in SCENARIOS
        }
        left = quantity - sum(made["real"][:2])
        if random.random() < 0.875:
            matched = int(random.integers(0, left + 1)) if random.random() < 0.5 else 0
            made["time_priority"] = (left, matched, int(random.integers(0, 10**12)))
        sweeps.append(made)
    return sweeps


def make_scenario_folder(
    root, sweeps, scenarios=SCENARIOS, left_out=(), time_priority=True, **changes
):
    """Write tables and a manifest; returns the layout and the manifest."""
    layout = OutputLayout(root)
    layout.tables.mkdir(parents=True)
    sweeps = sorted(sweeps, key=lambda s: (s["date"], s["security"]))
    keys = list(dict.fromkeys((s["date"], s["security"]) for s in sweeps))
    rows = [
        summary_row(s, name)
        for key in keys
        for name in scenarios
        for s in sweeps
        if (s["date"], s["security"]) == key
    ]
    write_table(layout, "centre_point_order_summary", SWEEP_SUMMARY, rows)
    orders = [_keyed(s) | {"order_id": 1, "sequence": 1, "reason": s["reason"]} for s in left_out]
    write_table(layout, "centre_point_left_out", LEFT_OUT, orders)
    if time_priority:
        _write_time_priority(layout, [s for s in sweeps if s["time_priority"]])
    tables = {layout.relative(path): file_digest(path) for path in layout.tables.iterdir()}
    manifest = make_manifest() | {"files": tables} | changes
    manifest["counts"]["matches"] = 1
    write_manifest(layout, manifest)
    return layout, manifest


def _write_time_priority(layout, sweeps):
    write_table(layout, "sweep_order_comparison", SWEEP_ORDER_COMPARISON, map(_comparison, sweeps))
    matches = [row for s in sweeps if s["time_priority"][1] for row in _matches(s)]
    write_table(layout, "simulation_match_details", MATCH_DETAILS, matches)
    write_table(layout, "sweep_statistical_tests", SWEEP_STATISTICAL_TESTS, [])


def _comparison(sweep):
    available, matched, _ = sweep["time_priority"]
    return _keyed(sweep) | {
        "orderid": sweep["order_id"],
        "available_quantity": available,
        "group": GROUPS[1],
        "real_matched_quantity": sum(sweep["real"][:2]),
        "simulated_matched_quantity": matched,
        "real_fill_ratio": 0.5,
        "simulated_fill_ratio": 0.5,
        "real_num_matches": 1.0,
        "simulated_num_matches": 1,
    }


def _matches(sweep):
    """Two matches, the later one first."""
    first_ns = sweep["entry_timestamp"] + sweep["time_priority"][2]
    return [
        _keyed(sweep) | {"sweep_orderid": sweep["order_id"], "timestamp": time_ns}
        for time_ns in (first_ns + 5, first_ns)
    ]


def _keyed(row):
    keys = {"date": DATE, "security": SECURITY} | {
        name: row[name] for name in ("date", "security") if name in row
    }
    return keys | {"model": "time-priority"}


def make_score(tape=100, predicted=80, hits=60, contested=20):
    """The score of one mode as `fidelity.json` has it."""
    return Score(
        all=Tally(tape, predicted, hits),
        quantity=Tally(10 * tape, 10 * predicted, 9 * hits),
        within_1ms=Tally(tape, predicted, min(hits + 5, predicted, tape)),
        by_trigger={
            "arrival": Tally(tape - 30, predicted, hits),
            "both_passive": Tally(20, 0, 0),
            "order_missing": Tally(10, 0, 0),
        },
        reachable=tape - 10,
        contested=contested,
        contested_hits=contested - 2,
        contested_random=contested / 3,
    ).as_json()


def make_fidelity(misses=("quote_stale", "order_not_in_input", "quote_stale"), partitions=1):
    """The document of a replay; all partitions have the same score."""
    modes = {"resync": make_score(), "free": make_score(predicted=90, hits=57)}
    listed = [{"buy_order_id": 1, "sell_order_id": 2, "cause": cause} for cause in misses]
    return {
        "total": modes,
        "partitions": [
            {"date": DATE, "security": 1 + number, **modes, "misses": [] if number else listed}
            for number in range(partitions)
        ],
        "ablations": [
            {"rule": "preferencing", **modes, "resync": make_score(hits=51)},
            {"rule": "half-tick", "resync": make_score(hits=20), "free": make_score(hits=20)},
            {"rule": "dark_limit", **modes},
        ],
        "assumptions": ["preferencing participants learned from the past"],
    }


def write_fidelity(folder, document, **manifest):
    """Write a replay folder; without keywords it has no manifest."""
    folder.mkdir(parents=True)
    (folder / "fidelity.json").write_text(json.dumps(document), encoding="utf-8")
    if manifest:
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
