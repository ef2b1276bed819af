"""The answer of an output folder: tables and roll-ups of all partitions that a manifest covers.

What it consists of follows from the manifest; files that an earlier run left, or a task of this one
has made on its way, are taken where they are made of the same.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.analysis.centre_point.choices import choices_of
from sweep_dask.dataflow.execute import gather
from sweep_dask.locations import location_of
from sweep_dask.partition.piece import PieceTables
from sweep_dask.partition.tables import TablesSpec, combined_tables
from sweep_dask.schema import ORDERS
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.no_follow import is_file, move_to
from sweep_dask.storage.pieces import Piece, date_of_piece, made_of, pieces_of, rows_of
from sweep_dask.storage.receipts import are_there
from sweep_dask.study.book import in_order
from sweep_dask.study.fidelity import errors_in, is_scored, run_document, write_fidelity
from sweep_dask.study.rollups import ROLLUPS, Day, Source, summarise_days, write_rollups
from sweep_dask.terms.files import SENSITIVITY, SWEEP_METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.partition.piece import MadePiece
    from sweep_dask.storage.earlier import Earlier
    from sweep_dask.study.workspace import Workspace


def spec_of(document: Mapping[str, Any]) -> TablesSpec:
    """What the tables of a manifest are to hold."""
    settings = document["settings"]
    models, scenarios = (settings[name]["value"] for name in ("models", "scenarios"))
    return TablesSpec(
        tuple(sorted(models)),
        in_order(scenarios),
        _order_columns(document),
        choices_of({name: setting["value"] for name, setting in settings.items()}),
    )


def pieces_in(document: Mapping[str, Any]) -> dict[Piece, str]:
    """The pieces of a manifest's tables, and what each is made of."""
    layout = OutputLayout(Path())
    spec, files = spec_of(document), document["files"]
    pieces = pieces_of(
        {
            Partition(p["date"], p["security"]): rows_of(
                {table: p["counts"].get(f"{table}_rows", 0) for table in ("orders", "nbbo")}
            )
            for p in document["partitions"]
            if p["covered"]
        }
    )
    return {
        piece: made_of((files.get(str(layout.receipt(*key))) for key in piece.partitions), spec)
        for piece in pieces
    }


def answer_files(layout: OutputLayout, document: Mapping[str, Any]) -> list[str]:
    """Names of all files of an answer, whether they are there or not."""
    pieces = pieces_in(document)
    of_tables = files_of_pieces(layout, document)
    tables = [name for piece in pieces for name in of_tables(piece.name)]
    summaries = [layout.day_summary(date) for date in sorted({piece.date for piece in pieces})]
    rollups = [layout.rollups / f"{name}.parquet" for name in ROLLUPS]
    score = [layout.fidelity] if is_scored(document) else []
    return [*tables, *map(layout.relative, (*summaries, *rollups, *score))]


def files_of_pieces(
    layout: OutputLayout, document: Mapping[str, Any]
) -> Callable[[str], list[str]]:
    """Names of the files of a piece, one a table, by the name of the piece."""
    folders = [layout.relative(layout.table(t.name)) for t in combined_tables(spec_of(document))]
    return lambda piece: [f"{folder}/{piece}.parquet" for folder in folders]


class Tables(NamedTuple):
    """The combined tables of a folder, in place or below `staging`."""

    files: dict[str, str]
    """Path to digest of all their files."""
    pieces: dict[str, str]
    """What each piece is made of, by name."""
    made: dict[str, MadePiece]
    """Those of them that this command has made or looked at, by name."""


def write_tables(
    workers: Workers, space: Workspace, document: Mapping[str, Any], on_the_way: Iterable[MadePiece]
) -> Tables:
    """Write what is missing of the tables below `staging`.

    Parameters
    ----------
    document
        A manifest: its partitions and their files, models and scenarios.
    on_the_way
        What tasks have made on their way; a run of some securities of a date may have made pieces
        that the tables do not consist of.
    """
    wanted = pieces_in(document)
    pieces = {piece.name: of for piece, of in wanted.items()}
    made = {piece.name: piece for piece in on_the_way if pieces.get(piece.name) == piece.made_of}
    earlier, of_tables = earlier_pieces(space.earlier), files_of_pieces(space.layout, document)
    files: dict[str, str] = {}
    missing = {}
    for piece, of in wanted.items():
        if piece.name in made:
            continue
        there = _there(space, of_tables(piece.name)) if earlier.get(piece.name) == of else None
        if there is None:
            missing[piece] = of
        else:
            files |= there
    spec, to_do = spec_of(document), missing.items()
    made |= {
        piece.name: piece
        for piece in gather(
            workers,
            combine_results,
            ((space.layout, space.scratch, piece, of, spec) for piece, of in to_do),
            [f"Combining the tables of {piece.name}" for piece in missing],
            "Raise --memory-limit; the results of the partitions are complete.",
        )
    }
    for ready in made.values():
        if ready.staged is not None:  # to where the files of all wait; its summary stays
            move_to(location_of(ready.staged), space.staging.root, list(ready.files))
        files |= ready.files
    return Tables(files, pieces, made)


def combine_results(
    layout: OutputLayout, scratch: Path, piece: Piece, made_of: str, spec: TablesSpec
) -> MadePiece:
    """The tables of a piece from the files of its partitions; what a task does."""
    tables = PieceTables(layout, scratch, piece, spec)
    try:
        for partition in piece.partitions:
            tables.add_kept(partition)
        return tables.close(made_of)
    except BaseException:
        tables.discard()
        raise


def write_answer(
    workers: Workers, space: Workspace, document: Mapping[str, Any], made: Mapping[str, MadePiece]
) -> dict[str, str]:
    """Write what the tables give, below `staging`: roll-ups, and what is missing of the summaries
    of days. And the score of the book, which an answer does not go without.

    Parameters
    ----------
    document, made
        As of `write_tables`, which has gone before, with its `pieces`; and its result.

    Returns
    -------
    dict
        Path to digest, also of summaries that stay.
    """
    layout, staging = space.layout, space.staging
    spec = spec_of(document)
    wanted, before = _by_date(document["pieces"]), _by_date(earlier_pieces(space.earlier))
    digests: dict[str, str] = {}
    days = []
    for date, pieces in wanted.items():
        name = layout.relative(layout.day_summary(date))
        kept = _there(space, [name]) if pieces == before.get(date) else None
        if kept is not None:
            digests |= kept
        else:
            days.append(Day(date, tuple(_source(space, piece, made, spec) for piece in pieces)))
    digests |= summarise_days(workers, staging, days, spec)
    summaries = [_file(space, layout.relative(layout.day_summary(date))) for date in wanted]
    errors = None
    if is_scored(document):
        score = run_document(layout, document)
        digests |= write_fidelity(staging, score)
        errors = errors_in(score)
    return digests | write_rollups(workers, staging, summaries, spec, errors)


def earlier_pieces(earlier: Earlier) -> dict[str, str]:
    """What the pieces that the folder held were made of, by name."""
    return {} if earlier.document is None else dict(earlier.document.get("pieces", {}))


def _there(space: Workspace, names: Sequence[str]) -> dict[str, str] | None:
    """Results of an earlier run with their digests; None if they are not all there."""
    listed = {name: space.earlier.files[name] for name in names if name in space.earlier.files}
    if len(listed) < len(names) or not all(is_file(space.layout.root, name) for name in names):
        return None
    # A run that was cut off may have put others in their place.
    was_cut_off = bool(space.earlier.placing)
    return listed if not was_cut_off or are_there(space.layout, listed) else None


def _by_date(pieces: Mapping[str, str]) -> dict[str, dict[str, str]]:
    by_date: dict[str, dict[str, str]] = defaultdict(dict)
    for name, of in sorted(pieces.items()):
        by_date[date_of_piece(name)][name] = of
    return by_date


def _source(
    space: Workspace, piece: str, made: Mapping[str, MadePiece], spec: TablesSpec
) -> Source:
    """What is known of the sweeps of a piece: their summary, if its task has left one."""
    layout = space.layout
    tables = {table.name for table in combined_tables(spec)}
    sweeps, sensitivity = (
        str(_file(space, layout.relative(layout.piece(name, piece)))) if name in tables else None
        for name in (SWEEP_METRICS, SENSITIVITY)
    )
    assert sweeps is not None
    ready = made.get(piece)
    summary = None if ready is None or ready.summary is None else str(ready.summary)
    return Source(sweeps, sensitivity, summary)


def _file(space: Workspace, name: str) -> Path:
    """A result that waits to be put in place or, if there is none, that is in place."""
    staged = space.staging.root / name
    return staged if staged.exists() else space.layout.root / name


def _order_columns(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns of the orders over the runs that tables tell of, in the order of the schema."""
    covered = {p.get("run") for p in document["partitions"] if p["covered"]}
    earlier = (run for run in document.get("earlier_runs", ()) if run["run"] in covered)
    runs = (document, *earlier)
    present = {name for run in runs for name in run.get("order_columns", ())}
    # The first manifests do not say it; a column that no part has is empty.
    return tuple(column.name for column in ORDERS.columns if column.name in present or not present)
