"""Repeats in which a rejected row takes part.

A row is compared with earlier ones before its values are looked at. So a broken row that repeats
an earlier one is a duplicate, not a reject; and a sound row that repeats an earlier broken one is
a duplicate too. Both must be of one calendar day and security. Broken rows are rare: their
identities are looked up in the spill files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.market.trading_day import calendar_days
from sweep_dask.storage.ingest import IDENTITY, rejects_path
from sweep_dask.storage.spill import LINE, segment_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sweep_dask.schema import Table
    from sweep_dask.storage.merge import Repeats

_PLACE = ["block", "piece", "line"]
#: What two repeats share; the day is the calendar day of the time.
_SHARED = ["day", "security", "first", "second"]


@dataclass(frozen=True)
class ResolvedRepeats:
    """What the comparison changes."""

    rejects: Repeats
    """Rejected lines that are duplicates after all."""
    rows: Repeats
    """Sound lines that repeat a rejected one."""


def rejected_identities(folder: Path, pieces: Iterable[tuple[int, int]]) -> pd.DataFrame:
    """Rejected rows whose time, security, order id and sequence can be read.

    Returns
    -------
    pandas.DataFrame
        int64 columns block, piece, line, day (calendar day), security, first, second.
    """
    frames = [_identities_of_rejects(folder, block, piece) for block, piece in pieces]
    return pd.concat(frames, ignore_index=True) if frames else _empty()


def _identities_of_rejects(folder: Path, block: int, piece: int) -> pd.DataFrame:
    path = rejects_path(folder, block, piece)
    if not path.exists():
        return _empty()
    table = pq.read_table(path, columns=["piece_line", *IDENTITY])
    table = table.filter(table["first"].is_valid())
    lines, *identity = (table[name].to_numpy() for name in ("piece_line", *IDENTITY))
    return _identities(block, piece, lines, *identity)


def _identities(
    block: int,
    piece: int,
    lines: npt.NDArray[np.int64],
    times_ns: npt.NDArray[np.int64],
    *identity: npt.NDArray[np.int64],
) -> pd.DataFrame:
    days = calendar_days(times_ns)
    place = {"block": block, "piece": piece, "line": lines}
    shared = dict(zip(_SHARED, (days, *identity), strict=True))
    return pd.DataFrame(place | shared, index=range(lines.size)).astype("int64")


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="int64") for name in [*_PLACE, *_SHARED]})


def sound_rows_like(
    folder: Path, block: int, piece: int, table: Table, rejected: pd.DataFrame
) -> pd.DataFrame:
    """Rows of one spill file that share their identity with a rejected row."""
    path = segment_path(folder, block, piece)
    if not path.exists():
        return _empty()
    rows = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    maybe = np.isin(rows[table.identity[0]].to_numpy(), rejected["first"].to_numpy())
    names = (LINE, table.time, str(table.security), *table.identity)
    lines, *identity = (rows[name].to_numpy()[maybe] for name in names)
    candidates = _identities(block, piece, lines, *identity)
    return candidates.merge(rejected[_SHARED].drop_duplicates(), on=_SHARED)


def resolve_repeats(rejected: pd.DataFrame, sound: pd.DataFrame) -> ResolvedRepeats:
    """Decide who is the first of each group of repeats, in file order."""
    everyone = pd.concat(
        [rejected.assign(sound=False), sound.assign(sound=True)], ignore_index=True
    ).sort_values(_PLACE, ignore_index=True)
    later = everyone[everyone.duplicated(_SHARED)]
    is_sound = later["sound"].astype(bool)
    return ResolvedRepeats(rejects=_places(later[~is_sound]), rows=_places(later[is_sound]))


def _places(rows: pd.DataFrame) -> Repeats:
    return frozenset(zip(*(rows[name].tolist() for name in _PLACE), strict=True))
