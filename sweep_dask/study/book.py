"""The Centre Point book as the settings have it, and what is taken for granted besides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.choices import choices_of
from sweep_dask.analysis.centre_point.inputs import BookSettings
from sweep_dask.analysis.centre_point.order_checks import assumptions_without
from sweep_dask.analysis.centre_point.order_log import QuoteSource
from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.metrics.records import fees_of
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.errors import UsageError
from sweep_dask.market.ticks import configured_ticks
from sweep_dask.matching.rules import Rules, names
from sweep_dask.settings.centre_point_values import LEARNED, block_value
from sweep_dask.settings.known_names import nearest
from sweep_dask.storage.atomic import bytes_digest
from sweep_dask.terms.arms import ASSUMPTIONS, CENTRE_POINT, SCENARIOS
from sweep_dask.terms.reasons import GAPS
from sweep_dask.terms.score import FREE, RESYNC
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sweep_dask.partition import PartitionSummary
    from sweep_dask.settings import Settings
    from sweep_dask.storage.merge import TableColumns
    from sweep_dask.study.plan import Plan


def book_settings(settings: Settings) -> BookSettings:
    """The book of all securities; how large a block has to be is each one's own.

    Raises
    ------
    UsageError
        The settings name a rule that does not exist, or no tick table.
    """
    chosen = settings.preferencing
    return BookSettings(
        rules=_rules(settings),
        ticks=configured_ticks(settings.ticks),
        preferencing=chosen if isinstance(chosen, tuple) else None,
        quote_source=QuoteSource(settings.quote_source),
    )


def book_of(book: BookSettings, settings: Settings, security: int, date: str) -> BookSettings:
    """The book of one security on one date (ISO)."""
    aud = block_value(settings.block_min_value, security, date)
    return book if aud is None else replace(book, block_min_value_aud=float(aud))


def in_order(scenarios: Collection[str]) -> tuple[str, ...]:
    """Scenarios in the order in which they are shown."""
    return tuple(name for name in SCENARIOS if name in scenarios)


def signature(book: BookSettings, settings: Settings) -> str:
    """Digest of what the models are told: results of runs that share it can be put together."""
    # Without the model, what it would be given makes no difference.
    choices = choices_of(vars(settings))
    of_model = (in_order(settings.scenarios), choices, tuple(SENSITIVITY_COLUMNS), settings.replay)
    centre_point = of_model if CENTRE_POINT in settings.models else (settings.lifetime,)
    fees = fees_of(vars(settings))
    settled = (
        *(VERSION, sorted(settings.models), centre_point, book, _sorted(settings.block_min_value)),
        *(settings.trading_day, tuple(SWEEP_TABLE), settings.csv_safe_text),
        *((fees,) if fees.are_paid else ()),
    )
    return bytes_digest(repr(settled).encode())


def _sorted(value: object) -> object:
    """The same whatever the order of keys."""
    if not isinstance(value, dict):
        return value
    return [(key, _sorted(value[key])) for key in sorted(value)]


def _rules(settings: Settings) -> Rules:
    rules = Rules()
    for name in settings.rules_off:
        try:
            rules = rules.without(name)
        except KeyError as error:
            known = [rule.replace("_", "-") for rule in names()]
            raise UsageError(
                f"centre_point.rules_off: there is no rule {name!r}.",
                where=str(settings.sources["rules_off"]),
                value=name,
                cure=f"did you mean {nearest(name.replace('_', '-'), known)}? "
                f"Accepted: {', '.join(known)}",
            ) from error
    return rules


def preferencing_in_words(settings: Settings) -> str:
    """Who is taken to meet their own orders first."""
    if settings.preferencing == LEARNED:
        return (
            "preferencing participants learned from the past of each day's trades: one whose "
            "incoming order has traded with deal source 46 or 51 is preferenced from then on"
        )
    return f"preferencing participants given by the settings: {_participants(settings)}"


def preferencing_in_short(settings: Settings) -> str:
    """The same in a few words."""
    if settings.preferencing == LEARNED:
        return "learned from the past of each day's trades"
    return f"{_participants(settings)} (settings)"


def _participants(settings: Settings) -> str:
    return ", ".join(map(str, settings.preferencing)) or "nobody"


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
