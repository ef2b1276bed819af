"""Folders of a replay made by hand, for the tests of the report."""

from __future__ import annotations

import json

import numpy as np
from report_folders import DATE

from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders, OrderFills, Reliability
from sweep_dask.analysis.centre_point.score import Confusion, Confusions, DarkSweeps, Detail, Score
from sweep_dask.analysis.metrics.dual_posted import DualPosted, matched_on_strata
from sweep_dask.terms.score import EVENTS, KINDS, UNTIL

#: Of five sweeps, the last of which is alone in its stratum.
STRATA, QUANTITIES = (0, 0, 1, 1, 2), (100, 200, 300, 100, 50)
REAL, PREDICTED = (60, 50, 150, 40, 50), (99, 100, 99, 80, 99)


def make_score(tape=100, predicted=80, hits=60, contested=20):
    """The score of one mode as `fidelity.json` has it."""
    return Score(
        all=Confusion(tape, predicted, hits),
        quantity=Confusion(10 * tape, 10 * predicted, 9 * hits),
        within_1ms=Confusion(tape, predicted, min(hits + 5, predicted, tape)),
        by_trigger={
            "arrival": Confusion(tape - 30, predicted, hits),
            "both_passive": Confusion(20, 0, 0),
            "order_missing": Confusion(10, 0, 0),
        },
        reachable=tape - 10,
        contested=contested,
        contested_hits=contested - 2,
        contested_random=contested / 3,
        detail=make_detail(tape, predicted, hits),
    ).as_json()


def make_detail(tape, predicted, hits):
    """Of 10 sweeps with a dark fill 8 are right; lots get half of all hits."""
    swept = DarkSweeps(*((10, 8, 1, 4) if tape else ()))
    return Detail(
        swept, make_tallies(tape, predicted, hits), make_tallies(tape, predicted, hits // 2)
    )


def make_hidden():
    """Of 10 orders 4 fill as predicted; lots find one of them. Whatever fills does after 3 s."""
    real = np.array([5] * 4 + [2] + [0] * 5)
    predicted = np.array([5] * 4 + [0] + [4] + [0] * 4)
    by_lot = np.array([5] + [0] * 9)
    after, is_cancelled = np.full(10, 3 * 10**9), np.arange(10) >= 5
    book, lots = (
        Reliability.of(OrderFills(fills, after), OrderFills(real, after), is_cancelled)
        for fills in (predicted, by_lot)
    )
    return HiddenOrders(dict.fromkeys(UNTIL, book), dict.fromkeys(UNTIL, lots))


def make_dual_posted(days=1):
    """Days with two strata each, of which 60 of 100 and 150 of 300 shares filled; see the test."""
    day = matched_on_strata(
        np.array([True, False, True, False, True]),
        *(np.array(column) for column in (STRATA, QUANTITIES, REAL, PREDICTED)),
    )
    total = DualPosted()
    for _ in range(days):
        total.add(day)
    return total


def make_tallies(tape, predicted, hits):
    """Everything arrives, and meets a sweep that rests."""
    whole, nothing = Confusion(tape, predicted, hits), Confusion()
    return Confusions(
        whole,
        {name: whole if name == "arrival" else nothing for name in EVENTS},
        {name: whole if name in ("active_orders", "passive_sweeps") else nothing for name in KINDS},
    )


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
        "hide_and_predict": {"one_in": 20, **make_hidden().as_json()},
        "dual_posted": make_dual_posted().as_json(),
    }


def make_score_of_run():
    """The document of a run: what only a replay does is not in it."""
    of_replay = ("ablations", "assumptions")
    return {key: found for key, found in make_fidelity().items() if key not in of_replay}


def write_fidelity(folder, document, **manifest):
    """Write a replay folder; without keywords it has no manifest."""
    folder.mkdir(parents=True)
    (folder / "fidelity.json").write_text(json.dumps(document), encoding="utf-8")
    if manifest:
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
