"""The dates and securities that a command names, against those that there are."""

from __future__ import annotations

import difflib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError, UsageError
from sweep_dask.printable import listed
from sweep_dask.settings.known_names import suggestion
from sweep_dask.storage.tickers import read_tickers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sweep_dask.settings import Settings
    from sweep_dask.storage.inputs import Inputs
    from sweep_dask.storage.partition_index import PartitionIndex

logger = logging.getLogger(__name__)

_MOST_SHOWN = 20


def with_security_ids(settings: Settings, inputs: Inputs) -> Settings:
    """The settings with ids for tickers, by the input's reference table; see `security_ids`."""
    if all(isinstance(security, int) for security in settings.securities):
        return settings
    ids = security_ids(settings.securities, read_tickers(inputs), "input")
    return replace(settings, securities=ids)


def security_ids(
    securities: Iterable[int | str], tickers: Mapping[str, Sequence[int]], where: str
) -> tuple[int, ...]:
    """Order book ids, each once, of ids and tickers.

    Parameters
    ----------
    tickers
        Order book ids by ticker.
    where
        What has these tickers, `input` or `folder`.

    Raises
    ------
    UsageError
        A ticker that is none of them, with those most like it, or one of several securities.
    """
    ids = [
        security if isinstance(security, int) else _id_of(security, tickers, where)
        for security in securities
    ]
    return tuple(dict.fromkeys(ids))


def _id_of(ticker: str, tickers: Mapping[str, Sequence[int]], where: str) -> int:
    ids = tickers.get(ticker, [])
    if len(ids) == 1:
        return ids[0]
    if ids:
        what = f"{ticker} is the ticker of {len(ids)} securities."
        cure = f"Give the order book id: one of {listed(ids, _MOST_SHOWN)}."
    elif tickers:
        what = f"No security of the {where} has the ticker {ticker}{suggestion(ticker, tickers)}."
        cure = f"Give one of {listed(tickers, _MOST_SHOWN)}, or an order book id."
    else:
        what = f"{ticker} may be a ticker, but the {where} has no reference table that says whose."
        cure = "Give the order book id, or add the reference table (reference/)."
    raise UsageError(what, where="--securities (select.securities)", value=ticker, cure=cure)


def require_selected(settings: Settings, partition_index: PartitionIndex) -> None:
    """Tell dates and securities that were asked for and of which the input has nothing.

    If it has nothing of any of them an InputError names those that there are.
    """
    if partition_index.partitions and not partition_index.offered_dates:
        return  # an earlier run has read the input, and has told
    wanted: dict[str, tuple[Collection[object], Collection[object]]] = {
        "--dates": (settings.dates, partition_index.offered_dates),
        "--securities": (settings.securities, partition_index.offered_securities),
    }
    absent = [
        f"There are no Centre Point orders of {option.strip('-')} {name}"
        f"{_nearest(name, there)}: the input has {listed(there, _MOST_SHOWN) or 'none'}."
        for option, (names, there) in wanted.items()
        for name in names
        if name not in there
    ]
    if partition_index.partitions:
        for line in absent:
            logger.warning(line)
        return
    raise InputError(
        "The input holds no Centre Point orders of the dates and securities asked for."
        + "".join(f"\n{line}" for line in absent),
        where="--dates, --securities (select)",
        cure="Check --dates and --securities.",
    )


def _nearest(name: object, there: Collection[object]) -> str:
    near = difflib.get_close_matches(str(name), map(str, there), n=1)
    return f" (nearest: {near[0]})" if near else ""
