"""Pieces of combined tables that no task has made on its way: from the files of partitions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dask import delayed

from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.errors import ResourceError
from sweep_dask.partition.piece import PieceTables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distributed import Client

    from sweep_dask.partition.piece import MadePiece
    from sweep_dask.partition.tables import Asked
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.pieces import Piece


def make_pieces(
    client: Client | None,
    layout: OutputLayout,
    staging: OutputLayout,
    pieces: Sequence[Piece],
    asked: Asked,
) -> list[MadePiece]:
    """Write the tables of pieces below `staging`."""
    made: list[MadePiece] = []

    def done(_: int, piece: MadePiece) -> None:
        stage_piece(staging, piece)
        made.append(piece)

    def lost(position: int, reason: str) -> None:
        raise ResourceError(
            f"Combining the tables of {pieces[position].name} failed: {reason}.",
            cure="Raise --memory-limit; the results of the partitions are complete.",
        )

    combine = delayed(combine_results, pure=False, traverse=False)
    scratch = staging.root.parent
    tasks = [combine(layout, scratch, piece, asked) for piece in pieces]
    run_tasks(client, tasks, done, lost)
    return made


def combine_results(layout: OutputLayout, scratch: Path, piece: Piece, asked: Asked) -> MadePiece:
    """The tables of a piece from the files of its partitions; what a task does."""
    tables = PieceTables(layout, scratch, piece, asked)
    try:
        for partition in piece.partitions:
            tables.add_kept(partition)
        return tables.close("")
    except BaseException:
        tables.discard()
        raise


def stage_piece(staging: OutputLayout, piece: MadePiece) -> None:
    """Move the files of a piece to where those of all wait; its summary stays."""
    if piece.staged is None:
        return
    for name in piece.files:
        target = staging.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (Path(piece.staged) / name).replace(target)
