"""One piece of text to typed rows, counts and rejected lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sweep_dask.storage import scan as verdict
from sweep_dask.storage.cells import UnparsableError
from sweep_dask.storage.judge import judge_line
from sweep_dask.storage.parse import parse_lines
from sweep_dask.storage.scan import LineScan, gather_lines, scan_lines

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.schema import Table
    from sweep_dask.storage.blocks import Piece
    from sweep_dask.storage.header import FileHeader

#: A rejected line is kept up to this length (contract).
RAW_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that cannot be read."""

    line: int
    """Line of the piece, from 0, blank lines included."""
    byte_offset: int | None
    """Where the line begins in its file."""
    column: str | None
    reason: str
    raw: str


@dataclass(frozen=True)
class JudgedPiece:
    """Where every line of a piece went."""

    rows: pa.Table
    """The rows that can be used, in file order."""
    lines: npt.NDArray[np.int64]
    """int64[rows], each row's line in the piece, from 0."""
    n_lines: int
    """All lines, blank ones included."""
    n_read: int
    """Lines that are rows."""
    filtered: dict[str, int]
    rejects: list[Reject]


def judge_piece(piece: Piece, header: FileHeader, table: Table, type_bits: int) -> JudgedPiece:
    """Sort every line of `piece` into usable, filtered and rejected.

    The fast path parses all lines at once; only if that fails, or for lines the scan doubts,
    lines are judged one by one.
    """
    type_field = -1 if table.order_type is None else header.position_of(table.order_type)
    scan = scan_lines(piece.text, header.n_fields, type_field, type_bits, header.delimiter)
    wrong = np.flatnonzero(scan.verdicts == verdict.WRONG_FIELD_COUNT)
    rejects = [_reject(piece, scan, int(k), None, "wrong_field_count") for k in wrong]
    filtered = Counter({"not_centre_point": _count(scan, verdict.NOT_CENTRE_POINT)})

    keep = scan.verdicts == verdict.KEEP
    doubtful = np.flatnonzero(scan.verdicts == verdict.DOUBTFUL)
    judge = _LineJudge(piece, scan, header, table, type_bits)
    keep[doubtful] = judge.accept(doubtful, rejects, filtered)
    try:
        rows = _parse(piece, scan, header, keep)
    except UnparsableError:
        candidates = np.flatnonzero(keep)
        keep[candidates] = judge.accept(candidates, rejects, filtered)
        rows = _parse(piece, scan, header, keep)
    return JudgedPiece(
        rows=rows,
        lines=np.flatnonzero(keep),
        n_lines=scan.verdicts.size,
        n_read=scan.verdicts.size - _count(scan, verdict.BLANK),
        filtered={reason: count for reason, count in filtered.items() if count},
        rejects=sorted(rejects, key=lambda reject: reject.line),
    )


def _count(scan: LineScan, wanted: int) -> int:
    return int(np.count_nonzero(scan.verdicts == wanted))


def _parse(
    piece: Piece, scan: LineScan, header: FileHeader, keep: npt.NDArray[np.bool_]
) -> pa.Table:
    rows = parse_lines(gather_lines(piece.text, scan, keep), header, scan.has_odd)
    assert len(rows) == np.count_nonzero(keep), "lines and parsed rows differ in number"
    return rows


@dataclass(frozen=True)
class _LineJudge:
    piece: Piece
    scan: LineScan
    header: FileHeader
    table: Table
    type_bits: int

    def accept(
        self, lines: npt.NDArray[np.int64], rejects: list[Reject], filtered: Counter[str]
    ) -> list[bool]:
        """Which of `lines` can be used; the others go to `rejects` or are counted."""
        return [self._accept_line(int(line), rejects, filtered) for line in lines]

    def _accept_line(self, line: int, rejects: list[Reject], filtered: Counter[str]) -> bool:
        text = self.piece.text[self.scan.starts[line] : self.scan.ends[line]]
        judgement = judge_line(text, self.header, self.table, self.type_bits)
        if judgement.reason is not None:
            rejects.append(_reject(self.piece, self.scan, line, judgement.column, judgement.reason))
            return False
        if not judgement.centre_point:
            filtered["not_centre_point"] += 1
        return judgement.centre_point


def _reject(piece: Piece, scan: LineScan, line: int, column: str | None, reason: str) -> Reject:
    start, end = int(scan.starts[line]), int(scan.ends[line])
    offset = None if piece.first_byte is None else piece.first_byte + start
    raw = piece.text[start:end].decode("utf-8", errors="backslashreplace")[:RAW_CHARACTERS]
    return Reject(line, offset, column, reason, raw)
