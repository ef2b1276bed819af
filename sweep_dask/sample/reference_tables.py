"""The three small tables: trading states, securities and participants, as lines of text.

Lines of the first two begin with a blank, as those of the real extracts do.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sweep_dask.sample.population import PARTICIPANTS
from sweep_dask.sample.stream import timetables
from sweep_dask.sample.timetable import GROUP_LETTERS, trade_date_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_dask.sample.parameters import MarketParameters

_SESSION_HEADER = (
    " Partition,Sequence,TradeDate,Id,Level,MatchingType,Name,OrderBookId,Timestamp,Type,"
    "isEndOfTrading"
)
_REFERENCE_HEADER = (
    " Partition,Sequence,TradeDate,Action,ContractName,Currency,DecimalsInPrice,Id,IsinCode,"
    "MarketId,Name,PriceUnit,Sector,isActive"
)
_PARTICIPANTS_HEADER = (
    "Partition,Sequence,TradeDate,Action,ExchangeName,Id,ParticipantLongName,ParticipantName,"
    "ParticipantType,isActive"
)
_FIRST_SESSION_SEQUENCE = 1_000_000


def session_lines(parameters: MarketParameters) -> Iterator[str]:
    """Header and one line per state, security and date."""
    yield _SESSION_HEADER
    sequence = _FIRST_SESSION_SEQUENCE
    for day in _days(parameters):
        hours_of_all = timetables(parameters, day)
        for security, hours in zip(parameters.securities, hours_of_all, strict=True):
            for state in hours.states():
                sequence += 1
                is_end = int(state.name == "CLOSE")
                yield (
                    f" 4,{sequence},{trade_date_ns(day)},{state.state_id},1,{state.matching_type},"
                    f"{state.name},{security},{state.start_ns},0,{is_end}"
                )


def reference_lines(parameters: MarketParameters) -> Iterator[str]:
    """Header and one line per security and date.

    `DecimalsInPrice` is 2 although prices have three decimals: so it is in the real extract.
    """
    yield _REFERENCE_HEADER
    for day in _days(parameters):
        for position, security in enumerate(parameters.securities):
            name = f"{GROUP_LETTERS[position % len(GROUP_LETTERS)]}{position:03d}"
            yield (
                f" ASX,{position + 1},{trade_date_ns(day)},NEW,{name} SYNTHETIC,AUD,2,{security},"
                f"AU{security:010d},1,{name},Price,Synthetic,True"
            )


def participant_lines(parameters: MarketParameters) -> Iterator[str]:
    """Header and one line per participant and date."""
    yield _PARTICIPANTS_HEADER
    for day in _days(parameters):
        for position, number in enumerate(PARTICIPANTS[:, 1]):
            yield (
                f"ASX,{position + 1},{trade_date_ns(day)},NEW,ASX,{number},"
                f"Synthetic Broker {number},SYN{number},Broker,True"
            )


def _days(parameters: MarketParameters) -> list[date]:
    return [date.fromisoformat(text) for text in parameters.dates]
