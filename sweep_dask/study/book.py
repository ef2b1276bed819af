"""The Centre Point book as the settings have it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.choices import choices_of
from sweep_dask.analysis.centre_point.inputs import BookSettings
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
from sweep_dask.terms.arms import CENTRE_POINT, SCENARIOS
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Collection

    from sweep_dask.settings import Settings


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
