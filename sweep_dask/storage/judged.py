"""One piece of text to typed rows, counts and rejected lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sweep_dask.storage import scan_kernel as verdict
from sweep_dask.storage.cells import UnparsableError
from sweep_dask.storage.judge import judge_line
from sweep_dask.storage.parse import fill_numbers, typed_rows
from sweep_dask.storage.scan import LineScan, scan_lines

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

    The numbers of nearly all lines are read by the scan; only lines that it doubts are judged one
    by one, and all of them if cells in other units cannot be converted at once.
    """
    type_field = -1 if table.order_type is None else header.position_of(table.order_type)
    scan = scan_lines(piece.text, header, type_field, type_bits)
    judge = _LineJudge(piece, scan, header, table, type_bits)
    judge.reject(verdict.WRONG_FIELD_COUNT, "wrong_field_count")
    judge.reject(verdict.TOO_LONG, "not_text")
    keep = np.ones(scan.row_lines.size, dtype=bool)
    judge.accept(np.flatnonzero(scan.verdicts[scan.row_lines] == verdict.DOUBTFUL), keep)
    try:
        rows = typed_rows(scan, header, keep)
    except UnparsableError:
        judge.accept(np.flatnonzero(keep), keep)
        rows = typed_rows(scan, header, keep)
    filtered = judge.filtered + np.count_nonzero(scan.verdicts == verdict.NOT_CENTRE_POINT)
    return JudgedPiece(
        rows=rows,
        lines=scan.row_lines[keep],
        n_lines=scan.verdicts.size,
        n_read=int(np.count_nonzero(scan.verdicts != verdict.BLANK)),
        filtered={"not_centre_point": int(filtered)} if filtered else {},
        rejects=sorted(judge.rejects, key=lambda reject: reject.line),
    )


@dataclass
class _LineJudge:
    """Judges lines one at a time; keeps rejects and counts."""

    piece: Piece
    scan: LineScan
    header: FileHeader
    table: Table
    type_bits: int
    rejects: list[Reject] = field(default_factory=list)
    filtered: int = 0

    def reject(self, wanted: int, reason: str) -> None:
        """Reject all lines with a verdict."""
        for line in np.flatnonzero(self.scan.verdicts == wanted).tolist():
            self.rejects.append(_reject(self.piece, self.scan, line, None, reason))

    def accept(self, rows: npt.NDArray[np.int64], keep: npt.NDArray[np.bool_]) -> None:
        """Note in `keep` which of `rows` can be used, and fill in their numbers."""
        for row in rows.tolist():
            keep[row] = self._accept_line(row, int(self.scan.row_lines[row]))

    def _accept_line(self, row: int, line: int) -> bool:
        text = self.piece.text[self.scan.starts[line] : self.scan.ends[line]]
        judgement = judge_line(text, self.header, self.table, self.type_bits)
        if judgement.reason is not None:
            reject = _reject(self.piece, self.scan, line, judgement.column, judgement.reason)
            self.rejects.append(reject)
        elif judgement.centre_point:
            fill_numbers(self.scan.cells[:, row], text.decode("utf-8"), self.header)
            return True
        else:
            self.filtered += 1
        return False


def _reject(piece: Piece, scan: LineScan, line: int, column: str | None, reason: str) -> Reject:
    start, end = int(scan.starts[line]), int(scan.ends[line])
    offset = None if piece.first_byte is None else piece.first_byte + start
    raw = piece.text[start:end].decode("utf-8", errors="backslashreplace")[:RAW_CHARACTERS]
    return Reject(line, offset, column, reason, raw)
