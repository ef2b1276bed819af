"""Repeats in which a rejected row takes part.

A row is compared with earlier ones before its values are looked at. So a broken row that repeats
an earlier one is a duplicate, not a reject; and a sound row that repeats an earlier broken one is
a duplicate too. Broken rows are rare: their identities are looked up in the spill files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.storage.ingest import rejects_path
from sweep_dask.storage.spill import LINE, segment_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sweep_dask.schema import Table
    from sweep_dask.storage.merge import Repeats

_PLACE = ["block", "piece", "line"]


@dataclass(frozen=True)
class ResolvedRepeats:
    """What the comparison changes."""

    rejects: Repeats
    """Rejected lines that are duplicates after all."""
    rows: Repeats
    """Sound lines that repeat a rejected one."""


def rejected_identities(folder: Path, pieces: Iterable[tuple[int, int]]) -> pd.DataFrame:
    """Identities of rejected rows; columns block, piece, line, first, second (int64)."""
    frames = [_identities_of_rejects(folder, block, piece) for block, piece in pieces]
    return pd.concat(frames, ignore_index=True) if frames else _empty()


def _identities_of_rejects(folder: Path, block: int, piece: int) -> pd.DataFrame:
    path = rejects_path(folder, block, piece)
    if not path.exists():
        return _empty()
    table = pq.read_table(path, columns=["piece_line", "first", "second"])
    table = table.filter(table["first"].is_valid())
    frame: pd.DataFrame = table.rename_columns(["line", "first", "second"]).to_pandas()
    return frame.assign(block=block, piece=piece)[[*_PLACE, "first", "second"]].astype("int64")


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="int64") for name in [*_PLACE, "first", "second"]})


def sound_rows_like(
    folder: Path, block: int, piece: int, table: Table, rejected: pd.DataFrame
) -> pd.DataFrame:
    """Rows of one spill file that share their identity with a rejected row."""
    path = segment_path(folder, block, piece)
    if not path.exists():
        return _empty()
    rows = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    first, second = (rows[name].to_numpy() for name in table.identity)
    maybe = np.flatnonzero(np.isin(first, rejected["first"].to_numpy()))
    candidates = pd.DataFrame(
        {
            "block": block,
            "piece": piece,
            "line": rows[LINE].to_numpy()[maybe],
            "first": first[maybe],
            "second": second[maybe],
        }
    )
    wanted = rejected[["first", "second"]].drop_duplicates()
    return candidates.merge(wanted, on=["first", "second"]).astype("int64")


def resolve_repeats(rejected: pd.DataFrame, sound: pd.DataFrame) -> ResolvedRepeats:
    """Decide who is the first of each group of repeats, in file order."""
    everyone = pd.concat(
        [rejected.assign(sound=False), sound.assign(sound=True)], ignore_index=True
    ).sort_values(_PLACE, ignore_index=True)
    later = everyone[everyone.duplicated(["first", "second"])]
    is_sound = later["sound"].astype(bool)
    return ResolvedRepeats(rejects=_places(later[~is_sound]), rows=_places(later[is_sound]))


def _places(rows: pd.DataFrame) -> Repeats:
    return frozenset(zip(*(rows[name].tolist() for name in _PLACE), strict=True))
