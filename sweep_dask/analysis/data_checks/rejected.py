"""Rows that a run would set aside, or stop for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.findings import CONTRADICTION, WARNING, Finding
from sweep_dask.analysis.data_checks.written import is_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.data_checks.written import UnreadCells

REJECTED = "rejected"

_SHOWN_CHARACTERS = 60


def check_rejected(
    unread: Sequence[UnreadCells], n_read: int, most: float, *, is_whole: bool
) -> list[Finding]:
    """A finding if rows of a table cannot be read, and why the first of them cannot.

    Parameters
    ----------
    unread
        All of the table, in the order of its rows.
    n_read
        Rows looked at, those of lit orders too.
    most
        The share of rejected rows with which a run goes on.
    """
    n = sum(one.n_rejected for one in unread)
    if not n:
        return []
    first, by_column = unread[0], Counter[str]()
    for one in unread:
        by_column[one.column or "whole line"] += one.n_rejected
    columns = ", ".join(f"{column} {count:,}" for column, count in by_column.most_common())
    stops = n / n_read > most
    cure = "Mend these rows" + (
        ", or allow more of them (--max-bad-fraction)." if stops else "; a run sets them aside."
    )
    if first.is_code and is_word(first.first):
        cure += " Texts that stand for numbers: name them under `convert.values`, use `convert`."
    return [
        Finding(
            REJECTED,
            CONTRADICTION if stops else WARNING,
            f"{n:,} of {n_read:,} {first.table} rows{'' if is_whole else ' looked at'} cannot be "
            f"read ({columns}); the first for its {first.column or 'form'}: "
            f"{first.first[:_SHOWN_CHARACTERS]!r}.",
            f"Rows that can be read. A run stops if more than {100 * most:g} % cannot.",
            cure,
            first.file + (f", {first.first_at}" if first.first_at else ""),
            {"rows": n_read, "rejected": n},
        )
    ]
