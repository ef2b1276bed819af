"""What is accepted as a value of the options of the Centre Point model."""

from __future__ import annotations

import re
from typing import Any

from sweep_dask.settings.known_names import nearest
from sweep_dask.settings.values import parse_date, parse_fraction, parse_integer, several
from sweep_dask.terms.arms import SCENARIOS
from sweep_dask.terms.choices import CLOCK_SECONDS, LIFETIME_NAME, SWITCHES

#: More replays than this for one answer are a slip of the keyboard.
MOST_GROUPS = 1_000

#: Preferencing participants are found in the trades of the day.
LEARNED = "learned"

TickRows = tuple[tuple[int, int], ...]
#: Dollars by order book id.
BlockValues = dict[int, int]
#: By the first date on which they hold, ISO; for all securities or by order book id.
DatedBlockValues = dict[str, int | BlockValues]


def parse_scenario(value: object) -> str:
    """The name of a scenario."""
    text = str(value).strip()
    if text in SCENARIOS:
        return text
    raise ValueError(f"{', '.join(SCENARIOS)} (did you mean {nearest(text, tuple(SCENARIOS))}?)")


def parse_lifetime(value: object) -> str:
    """The name of a lifetime; those of one length have one: `clock:300s` is `clock:5min`."""
    text = str(value).strip()
    found = LIFETIME_NAME.fullmatch(text)
    if found is None:
        raise ValueError("recorded, close or a clock such as clock:30s, clock:5min, clock:1h")
    if found["count"] is None:
        return text
    seconds = int(found["count"]) * CLOCK_SECONDS[found["unit"]]
    unit = next(unit for unit, length in CLOCK_SECONDS.items() if seconds % length == 0)
    return f"clock:{seconds // CLOCK_SECONDS[unit]}{unit}"


def parse_groups(value: object) -> int:
    """How many groups sweeps are dealt into."""
    groups = parse_integer(value)
    if not 1 <= groups <= MOST_GROUPS:
        raise ValueError(f"a whole number from 1 to {MOST_GROUPS:,}")
    return groups


def parse_shares(value: object) -> tuple[float, ...]:
    """Shares, perhaps none."""
    return () if value in ([], ()) else several(_parse_share)(value)


def _parse_share(value: object) -> float:
    share = parse_fraction(value)
    if share < 1 / MOST_GROUPS:
        raise ValueError(f"fractions from {1 / MOST_GROUPS} to 1, such as [0.25, 0.5]")
    return share


def parse_switches(value: object) -> tuple[str, ...]:
    """Names of assumptions, perhaps none."""
    return () if value in ([], ()) else several(_parse_switch)(value)


def _parse_switch(value: object) -> str:
    text = str(value).strip().replace("-", "_")
    if text in SWITCHES:
        return text
    raise ValueError(f"{', '.join(SWITCHES)} (did you mean {nearest(text, tuple(SWITCHES))}?)")


def parse_preferencing(value: object) -> str | tuple[int, ...]:
    """Participant ids, perhaps none, or the word for finding them."""
    if isinstance(value, str) and value.strip().casefold() == LEARNED:
        return LEARNED
    if value in ([], ()):
        return ()
    try:
        return several(parse_integer)(value)
    except ValueError as error:
        raise ValueError(f"{LEARNED}, or a list of participant ids such as [72, 23]") from error


def parse_ticks(value: object) -> TickRows:
    """Pairs of two whole numbers; whether they are a tick table is for the market to say."""
    try:
        return tuple(_parse_pair(row) for row in _rows(value))
    except ValueError as error:
        raise ValueError(
            "pairs of a price and the tick from there on, such as [[0, 1], [100, 5], [2000, 10]]"
        ) from error


def _rows(value: object) -> list[object]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(value)
    return list(value)


def _parse_pair(row: object) -> tuple[int, int]:
    first, second = _rows(row)
    return parse_integer(first), parse_integer(second)


def parse_block_values(value: object) -> int | BlockValues | DatedBlockValues:
    """Dollars for all securities, or by order book id; either also by the date it holds from."""
    try:
        if isinstance(value, dict) and any("-" in str(key).strip()[1:] for key in value):
            dated = {parse_date(key): _parse_block_values(worth) for key, worth in value.items()}
            return dict(sorted(dated.items()))
        return _parse_block_values(value)
    except ValueError as error:
        raise ValueError(
            "whole dollars above zero such as 1000000, or a mapping of order book ids to them; "
            "or a mapping of dates such as 2024-07-01 to one of the two"
        ) from error


def _parse_block_values(value: object) -> int | BlockValues:
    if isinstance(value, dict):
        return {parse_integer(key): _parse_dollars(worth) for key, worth in value.items()}
    return _parse_dollars(value)


def block_value(
    values: int | BlockValues | DatedBlockValues | None, security: int, date: str
) -> int | None:
    """Dollars that a block of a security is worth at least on a date (ISO); None: no blocks.

    Of several dates the last one that is not later holds, and it alone.
    """
    if not isinstance(values, dict):
        return values
    by_key: dict[Any, Any] = values
    if dates := [key for key in by_key if isinstance(key, str)]:
        begun = [first for first in dates if first <= date]
        return block_value(by_key[max(begun)], security, date) if begun else None
    found: int | None = by_key.get(security)
    return found


def _parse_dollars(value: object) -> int:
    dollars = float(str(value))
    # Not a number and infinity are no integers either.
    if dollars <= 0 or not dollars.is_integer():
        raise ValueError(value)
    return int(dollars)


def parse_rule_names(value: object) -> tuple[str, ...]:
    """Words, perhaps none; whether rules are called so is for the model to say."""
    return () if value in ([], ()) else several(_parse_word)(value)


def _parse_word(value: object) -> str:
    text = str(value).strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError("names of rules such as half-tick, of letters, digits, - and _")
    return text
