"""The record of a column, by its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.terms.columns import Described, described
from sweep_dask.terms.columns.ours import OURS
from sweep_dask.terms.columns.rows import OTHER, ROWS
from sweep_dask.terms.columns.time_priority import NINE
from sweep_dask.terms.files import MATCHES, REPLAY_MATCHES, SWEEP_FILLS

if TYPE_CHECKING:
    from collections.abc import Mapping

_IN_TABLES = "centre_point_"
_OF_FILL = described("quantity | shares | of the fill")
#: Files with names of their own: of the extracts, of the seed's pipeline, and of the contract.
_OWN: Mapping[str, Mapping[str, Described]] = {
    **ROWS,
    **NINE,
    **dict.fromkeys((MATCHES, REPLAY_MATCHES, SWEEP_FILLS), _OF_FILL),
    "rejects": described(
        """
        file | | below the input folder
        line | | in the file, from 1, which is the header
        byte_offset | bytes | where the line begins in the (uncompressed) text
        column | | the one that cannot be read; missing: it is the whole line
        reason | | why it cannot be read
        raw | | the line, cut at 1,000 characters
        """
    ),
    "summaries": described(
        """
        kind | | what is summed
        place | | which sum
        segment | | of which segment
        counts | | whole numbers
        sums | 2⁻⁶⁴ | amounts, as whole numbers
        """
    ),
}
OF_EXTRACT = frozenset(("session", "reference", "participants"))


def column_of(file: str, name: str) -> Described:
    """What a column of a file is.

    Parameters
    ----------
    file
        Its stem, or the name of a combined table.

    Raises
    ------
    KeyError
        Nothing is known of it.
    """
    file = file.removeprefix(_IN_TABLES)
    own = _OWN.get(file, {})
    if name in own:
        return own[name]
    if file in OF_EXTRACT:
        return Described("", OTHER)
    return OURS[name]
