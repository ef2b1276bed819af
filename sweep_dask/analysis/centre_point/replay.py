"""One partition replayed: the recorded flow through the book, and the score against the tape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.centre_point.causes import find_misses
from sweep_dask.analysis.centre_point.contested import (
    Arrivals,
    find_arrivals,
    random_hit_probability,
)
from sweep_dask.analysis.centre_point.fidelity import Matches, Score, as_matches, score_matches
from sweep_dask.analysis.centre_point.lookup import LatestRows
from sweep_dask.analysis.centre_point.match_table import (
    MISSES,
    match_table,
)
from sweep_dask.analysis.centre_point.order_checks import order_numbers
from sweep_dask.analysis.centre_point.order_flow import (
    OrderFlow,
    free_flow,
    looking_rows,
    rests_in_dark,
)
from sweep_dask.analysis.centre_point.resync_flow import resync_flow
from sweep_dask.analysis.centre_point.tape import DarkMatches, dark_matches
from sweep_dask.analysis.tables import BoolArray, IntArray, table
from sweep_dask.matching.rules import names

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.matching.centre_point import BookResult

RESYNC, FREE = "resync", "free"


@dataclass(frozen=True)
class ReplayResult:
    """The replay of one partition."""

    scores: dict[str, Score]
    """By mode."""
    ablations: dict[str, dict[str, Score]]
    """By rule switched off, then by mode."""
    matches: pa.Table
    """Predicted matches of both modes, columns `REPLAY_MATCHES`."""
    misses: pa.Table
    """Matches on the tape that the resync mode did not predict, columns `MISSES`."""
    event_count: int
    step_count: int
    """Of the free replay."""


@dataclass(frozen=True)
class _Prediction:
    """One mode under one set of rules."""

    flow: OrderFlow
    result: BookResult
    predicted: Matches
    score: Score
    on_tape: BoolArray


def replay_partition(
    partition: PartitionInput, date: str, security: int, *, ablations: bool = True
) -> ReplayResult:
    """Replay in both modes, then once more without each rule.

    Raises
    ------
    ValueError
        There is no tape to compare with.
    """
    target = _Target.of(partition)
    predictions = {mode: _predict(partition, target, mode) for mode in (RESYNC, FREE)}
    resync = predictions[RESYNC]
    tables = [
        match_table(partition.log, p.flow, p.result.fills, date, security, mode)
        for mode, p in predictions.items()
    ]
    return ReplayResult(
        scores={mode: prediction.score for mode, prediction in predictions.items()},
        ablations=_ablate(partition, target) if ablations else {},
        matches=pa.concat_tables(tables),
        misses=_miss_table(target, resync),
        event_count=predictions[FREE].flow.size,
        step_count=predictions[FREE].result.steps,
    )


@dataclass(frozen=True)
class _Target:
    """What the tape says, which no rule changes."""

    recorded: DarkMatches
    tape: Matches
    is_known: BoolArray
    """bool[tape], whether both orders are in the book: in the input, and not left out."""
    reachable: int
    """Matches with both orders in the input."""
    minimum_in_force: BoolArray
    aggressor: IntArray
    """int64[tape], dense number of the incoming order of a match, or -1."""
    contested: list[tuple[IntArray, float]]
    """Of each contested arrival its matches on the tape, and the chance of random priority."""

    @classmethod
    def of(cls, partition: PartitionInput) -> _Target:
        log, tape = partition.log, partition.tape
        if tape is None:
            raise ValueError("a replay needs trades with deal source, match group and side")
        recorded = dark_matches(tape, partition.continuous)
        matches = as_matches(recorded)
        buys, buy = order_numbers(log, recorded.buy_order_id)
        sells, sell = order_numbers(log, recorded.sell_order_id)
        has_aggressor, aggressor = order_numbers(log, recorded.aggressor_id)
        is_known = buys & sells & partition.is_in[buy] & partition.is_in[sell]
        rows = LatestRows(log.order, log.timestamp_ns)
        before = [rows.before(order, recorded.timestamp_ns) for order in (buy, sell)]
        minimum = [np.where(row >= 0, log.minimum_quantity[row], 0) for row in before]
        return cls(
            recorded,
            matches,
            is_known,
            int((buys & sells).sum()),
            is_known & ((minimum[0] > 0) | (minimum[1] > 0)),
            np.where(has_aggressor, aggressor, -1),
            _contested(partition, recorded, matches, is_known, before),
        )


def _contested(
    partition: PartitionInput,
    recorded: DarkMatches,
    matches: Matches,
    is_known: BoolArray,
    row_before: list[IntArray],
) -> list[tuple[IntArray, float]]:
    log, rules = partition.log, partition.settings.rules
    rests = rests_in_dark(log, rules) & log.is_on_book & (log.leaves > 0)
    rests &= partition.is_in[log.order]
    # Whose limits allow a price is asked of the exact one.
    exact = matches._replace(price_x2=recorded.exact_x2)
    looks = looking_rows(log, partition.is_in)
    arrivals = find_arrivals(log, exact, recorded.aggressor_id, looks, rests)
    return [
        (at, _random_chance(partition, arrivals, number, matches, recorded, row_before))
        for number, at in enumerate(arrivals.match)
        if arrivals.is_contested[number] and is_known[at].all()
    ]


def _random_chance(
    partition: PartitionInput,
    arrivals: Arrivals,
    number: int,
    matches: Matches,
    recorded: DarkMatches,
    row_before: list[IntArray],
) -> float:
    at = arrivals.match[number]
    is_buy = recorded.aggressor_id[at[0]] == matches.buy_order_id[at[0]]
    contra_row = row_before[1 if is_buy else 0][at]
    # A contra without an earlier row came in the same instant; it is taken as filled whole.
    leaves = partition.log.leaves[contra_row]
    contra_leaves = np.where(contra_row >= 0, leaves, matches.quantity[at])
    return random_hit_probability(
        int(arrivals.feasible[number]), contra_leaves, matches.quantity[at]
    )


def _predict(partition: PartitionInput, target: _Target, mode: str) -> _Prediction:
    log, rules, is_in = partition.log, partition.settings.rules, partition.is_in
    if mode == RESYNC:
        flow = resync_flow(log, partition.tape, rules, is_in, partition.market)
    else:
        flow = free_flow(log, partition.tape, rules, is_in, partition.market)
    result = partition.run(flow, keeps_fills=mode == FREE)
    fills = result.fills
    predicted = Matches(
        log.order_id[fills["buy"]],
        log.order_id[fills["sell"]],
        fills["quantity"],
        fills["price_x2"],
        flow.timestamp_ns[fills["event"]],
        fills["aggressor"] == 0,
    )
    score, on_tape, is_real = score_matches(target.tape, predicted, target.is_known)
    score.reachable = target.reachable
    _count_contested(score, target, on_tape, predicted, is_real)
    return _Prediction(flow, result, predicted, score, on_tape)


def _count_contested(
    score: Score, target: _Target, on_tape: BoolArray, predicted: Matches, is_real: BoolArray
) -> None:
    """A contested arrival is right if all its matches are hits and nothing else is predicted."""
    wrong = {
        (time_ns, order_id)
        for side in (predicted.buy_order_id, predicted.sell_order_id)
        for time_ns, order_id in zip(
            predicted.timestamp_ns[~is_real].tolist(), side[~is_real].tolist(), strict=True
        )
    }
    for at, chance in target.contested:
        arrival = (
            int(target.recorded.timestamp_ns[at[0]]),
            int(target.recorded.aggressor_id[at[0]]),
        )
        score.contested += 1
        score.contested_hits += bool(on_tape[at].all() and arrival not in wrong)
        score.contested_random += chance


def _ablate(partition: PartitionInput, target: _Target) -> dict[str, dict[str, Score]]:
    scores = {}
    for name in names():
        if getattr(partition.settings.rules, name):
            without = partition.under(partition.settings.rules.without(name))
            scores[name.replace("_", "-")] = {
                mode: _predict(without, target, mode).score for mode in (RESYNC, FREE)
            }
    return scores


def _miss_table(target: _Target, resync: _Prediction) -> pa.Table:
    misses = find_misses(
        target.tape,
        resync.on_tape,
        target.is_known,
        resync.flow,
        target.minimum_in_force,
        target.aggressor,
    )
    at = misses.match
    return table(
        MISSES,
        {
            "buy_order_id": target.tape.buy_order_id[at],
            "sell_order_id": target.tape.sell_order_id[at],
            "timestamp": target.tape.timestamp_ns[at],
            "quantity": target.tape.quantity[at],
            "price_x2": target.tape.price_x2[at],
            "cause": list(misses.cause),
        },
    )
