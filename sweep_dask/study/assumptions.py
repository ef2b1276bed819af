"""What a run or a replay takes for granted, in sentences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.order_checks import assumptions_without
from sweep_dask.study.book import preferencing_in_words
from sweep_dask.terms.arms import ASSUMPTIONS
from sweep_dask.terms.reasons import GAPS
from sweep_dask.terms.score import FREE, RESYNC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sweep_dask.partition import PartitionSummary
    from sweep_dask.storage.merge import TableColumns
    from sweep_dask.study.plan import Plan

#: What a replay takes for granted besides the book.
_OF_REPLAYS = (
    f"{FREE}: a recorded dark fill whose counterparty is not in the input counts as given",
    f"{RESYNC}: after each row the book is set to what the row says; only that event is predicted",
)

#: Of replays with each quote source.
_QUOTES = {
    "national": "quotes: an order that arrives or is amended trades at the national quote on its "
    "own row; quote moves, and orders without one, use the quote file",
    "exchange": "quotes: an order that arrives or is amended trades at the exchange's own quote on "
    "its row; quote moves are told by the same columns of other rows, not by the quote file",
}

#: As `order_checks.ASSUMED_WITHOUT`, of trades.
_WITHOUT_TRADE_COLUMN = {
    "passiveaggressive": "every match counts as one of two resting orders, and nobody is seen to "
    "opt in to preferencing",
    "participantid": "nobody is seen to opt in to preferencing",
}


def run_assumptions(plan: Plan, partitions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of the scenarios of a run."""
    return [preferencing_in_words(plan.settings), *ASSUMPTIONS, *_of_book(plan, partitions)]


def replay_assumptions(plan: Plan, partitions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of a replay."""
    settings = plan.settings
    quotes = _QUOTES[settings.quote_source]
    return [preferencing_in_words(settings), quotes, *_OF_REPLAYS, *_of_book(plan, partitions)]


def _of_book(plan: Plan, partitions: Sequence[Mapping[str, Any]]) -> list[str]:
    texts = []
    if plan.settings.rules_off:
        texts.append(f"rules switched off: {', '.join(plan.settings.rules_off)}")
    if plan.settings.quote_source == "exchange":
        texts.append("midpoints are those of the exchange's own best bid and offer")
    if plan.settings.block_min_value is None:
        texts.append("no block trades: centre_point.block_min_value is not set")
    return [*texts, *_of_columns(plan.inputs.columns()), *open_questions(partitions)]


def _of_columns(columns: Mapping[str, TableColumns]) -> Iterable[str]:
    yield from assumptions_without(columns["orders"].names)
    for name, assumption in _WITHOUT_TRADE_COLUMN.items():
        if name not in columns["trades"].names:
            yield f"the trades have no column {name}: {assumption}"


def open_questions(partitions: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the input cannot answer, and in how many partitions; these as in a manifest."""
    looked_at = [partition["gaps"] for partition in partitions if partition["covered"]]
    counts = Counter(gap for gaps in looked_at for gap in gaps)
    return [
        f"in {counts[gap]:,} of {len(looked_at):,} partitions {text}"
        for gap, text in GAPS.items()
        if counts[gap]
    ]


def gaps_of(partition: PartitionSummary) -> list[str]:
    """Keys of `GAPS`."""
    outcome = partition.centre_point or partition.replay
    return [] if outcome is None else outcome.gaps


def left_out_of(partition: PartitionSummary) -> dict[str, int]:
    """Orders left out of the book, by reason."""
    outcome = partition.centre_point or partition.replay
    return {} if outcome is None else outcome.left_out
