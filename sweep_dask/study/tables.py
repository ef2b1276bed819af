"""Pieces of combined tables that no task has made on its way: from the files of partitions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.dataflow.execute import delayed, run_tasks
from sweep_dask.errors import ResourceError
from sweep_dask.partition.piece import PieceTables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.dataflow.execute import Client
    from sweep_dask.partition.piece import MadePiece
    from sweep_dask.partition.tables import Asked
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.pieces import Piece


def make_pieces(
    client: Client | None,
    layout: OutputLayout,
    scratch: Path,
    pieces: Mapping[Piece, str],
    asked: Asked,
) -> list[MadePiece]:
    """Make the tables of pieces, of which it is known what they are made of."""
    made: list[MadePiece] = []
    names = [piece.name for piece in pieces]

    def done(_: int, piece: MadePiece) -> None:
        made.append(piece)

    def lost(position: int, reason: str) -> None:
        raise ResourceError(
            f"Combining the tables of {names[position]} failed: {reason}.",
            cure="Raise --memory-limit; the results of the partitions are complete.",
        )

    combine = delayed(combine_results, pure=False, traverse=False)
    tasks = [combine(layout, scratch, piece, of, asked) for piece, of in pieces.items()]
    run_tasks(client, tasks, done, lost)
    return made


def combine_results(
    layout: OutputLayout, scratch: Path, piece: Piece, made_of: str, asked: Asked
) -> MadePiece:
    """The tables of a piece from the files of its partitions; what a task does."""
    tables = PieceTables(layout, scratch, piece, asked)
    try:
        for partition in piece.partitions:
            tables.add_kept(partition)
        return tables.close(made_of)
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
