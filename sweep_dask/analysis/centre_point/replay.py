"""One partition replayed: the recorded flow through the book, and the score against the tape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.centre_point.fidelity import (
    Matches,
    confusions_of,
    kinds_in_book,
    score_matches,
)
from sweep_dask.analysis.centre_point.hide_and_predict import hide_and_predict
from sweep_dask.analysis.centre_point.latest_rows import LatestRows
from sweep_dask.analysis.centre_point.match_table import match_table
from sweep_dask.analysis.centre_point.order_flow import OrderFlow, free_flow
from sweep_dask.analysis.centre_point.replay_target import Target
from sweep_dask.analysis.centre_point.resync_flow import resync_flow
from sweep_dask.analysis.centre_point.score import (
    Amounts,
    Confusions,
    Detail,
    Score,
    book_amounts,
    compare,
)
from sweep_dask.analysis.tables import BoolArray, schema, table
from sweep_dask.market.ticks import is_published_as
from sweep_dask.matching.events import EventKind
from sweep_dask.matching.rules import names
from sweep_dask.terms.score import CAUSES, FREE, MODES, RESYNC

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.tables import IntArray
    from sweep_dask.matching.centre_point import BookResult


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
    hidden: HiddenOrders
    """What was predicted of orders that were hidden."""
    event_count: int
    step_count: int
    """Of the free replay."""


@dataclass(frozen=True)
class _Played:
    """What one book makes of the flow of one mode."""

    flow: OrderFlow
    result: BookResult
    predicted: Matches


@dataclass(frozen=True)
class _Prediction:
    """One mode under one set of rules."""

    played: _Played
    score: Score
    on_tape: BoolArray


def replay_partition(
    partition: PartitionInput, date: str, security: int, *, ablations: bool = True
) -> ReplayResult:
    """Replay in both modes, with some orders hidden at a time and, if asked, without each rule.

    Raises
    ------
    ValueError
        There is no tape to compare with.
    """
    target = Target.of(partition)
    predictions = {mode: _predict(partition, target, mode) for mode in MODES}
    for mode, prediction in predictions.items():
        prediction.score.detail = _detail(partition, target, mode, prediction.played)
    resync = predictions[RESYNC]
    tables = [
        match_table(partition.log, p.played.flow, p.played.result.fills, date, security, mode)
        for mode, p in predictions.items()
    ]
    free = predictions[FREE].played
    return ReplayResult(
        scores={mode: prediction.score for mode, prediction in predictions.items()},
        ablations=_ablate(partition, target) if ablations else {},
        matches=pa.concat_tables(tables),
        misses=_miss_table(target, resync),
        hidden=hide_and_predict(partition),
        event_count=free.flow.size,
        step_count=free.result.steps,
    )


def _predict(partition: PartitionInput, target: Target, mode: str) -> _Prediction:
    log, rules, is_in = partition.log, partition.settings.rules, partition.is_in
    flow_of_mode = resync_flow if mode == RESYNC else free_flow
    flow = flow_of_mode(log, partition.tape, rules, is_in, partition.market)
    played = _play(partition, flow, mode)
    score, on_tape, is_real = score_matches(target.tape, played.predicted, target.is_known)
    score.reachable = target.reachable
    _count_contested(score, target, on_tape, played.predicted, is_real)
    return _Prediction(played, score, on_tape)


def _play(partition: PartitionInput, flow: OrderFlow, mode: str) -> _Played:
    log, result = partition.log, partition.run(flow, keeps_fills=mode == FREE)
    fills = result.fills
    predicted = Matches(
        log.order_id[fills["buy"]],
        log.order_id[fills["sell"]],
        fills["quantity"],
        fills["price_x2"],
        flow.timestamp_ns[fills["event"]],
        fills["aggressor"] == 0,
    )
    return _Played(flow, result, predicted)


def _detail(partition: PartitionInput, target: Target, mode: str, played: _Played) -> Detail:
    """The score told apart, beside that of the same book with priority drawn by lot."""
    # Who comes first is for the book to say: the flow is the same.
    by_lot = _play(partition.with_random_priority(), played.flow, mode)
    confusions, amounts = zip(
        *(_told_apart(partition, target, one) for one in (played, by_lot)), strict=True
    )
    return Detail(compare(target.sweeps, *amounts), *confusions)


def _told_apart(
    partition: PartitionInput, target: Target, played: _Played
) -> tuple[Confusions, Amounts]:
    flow, result = played.flow, played.result
    kinds = kinds_in_book(partition, flow, result)
    confusions = confusions_of(target.tape, played.predicted, target.kinds, kinds)
    return confusions, book_amounts(partition, flow, result)


def _count_contested(
    score: Score, target: Target, on_tape: BoolArray, predicted: Matches, is_real: BoolArray
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


def _ablate(partition: PartitionInput, target: Target) -> dict[str, dict[str, Score]]:
    scores = {}
    for name in names():
        if getattr(partition.settings.rules, name):
            without = partition.under(partition.settings.rules.without(name))
            scores[name.replace("_", "-")] = {
                mode: _predict(without, target, mode).score for mode in MODES
            }
    return scores


#: Columns of the matches of the tape that were not predicted.
MISSES = schema(
    "buy_order_id:int64 sell_order_id:int64 timestamp:int64 quantity:int64 price_x2:int64 cause:str"
)


def _miss_table(target: Target, resync: _Prediction) -> pa.Table:
    """Misses in the order of execution, and why; columns `MISSES`."""
    at = np.flatnonzero(~resync.on_tape)
    missed, aggressor = target.tape.chosen(at), target.aggressor[at]
    searched, midpoint_x2 = _midpoints(resync.played.flow, missed.timestamp_ns, aggressor)
    causes = np.select(
        [
            ~target.is_known[at],
            missed.both_passive & ~searched,
            ~is_published_as(missed.price_x2, midpoint_x2),
            target.minimum_in_force[at],
        ],
        list(CAUSES)[:-1],
        default="other",
    )
    return table(
        MISSES, missed._asdict() | {"timestamp": missed.timestamp_ns, "cause": causes.tolist()}
    )


def _midpoints(
    flow: OrderFlow, timestamp_ns: IntArray, aggressor: IntArray
) -> tuple[BoolArray, IntArray]:
    """Whether anything looked for contras at each time, and the doubled midpoint it did it at.

    If the incoming order is known, it is its search that counts, else the last one of that time.
    """
    is_quote = flow.events["kind"] == EventKind.QUOTE
    searches = np.flatnonzero((flow.events["trades"] == 1) | is_quote)
    order = np.where(is_quote[searches], -1, flow.events["order"][searches])
    times = flow.timestamp_ns[searches]
    own = LatestRows(order, times).at(aggressor, timestamp_ns)
    any_order = LatestRows(np.zeros_like(order), times).at(np.zeros_like(aggressor), timestamp_ns)
    search = np.where((aggressor >= 0) & (own >= 0), own, any_order)
    searched = search >= 0
    midpoint_x2 = np.zeros(timestamp_ns.size, dtype=np.int64)
    midpoint_x2[searched] = _midpoint_at_events(flow, is_quote)[searches[search[searched]]]
    return searched, midpoint_x2


def _midpoint_at_events(flow: OrderFlow, is_quote: BoolArray) -> IntArray:
    """int64[events]: twice the midpoint of the event's own quote, else of the standing one."""
    events = flow.events
    last_quote = np.maximum.accumulate(np.where(is_quote, np.arange(flow.size), -1))
    sum_x2 = events["bid"] + events["offer"]
    standing_x2 = np.where(last_quote >= 0, sum_x2[last_quote], 0)
    return np.where(events["has_quote"] == 1, sum_x2, standing_x2)
