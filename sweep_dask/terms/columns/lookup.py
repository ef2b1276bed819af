"""The record of a column, by its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.terms.columns import Described, described
from sweep_dask.terms.columns.ours import OURS
from sweep_dask.terms.columns.rows import OTHER, ROWS
from sweep_dask.terms.columns.time_priority import NINE
from sweep_dask.terms.files import (
    MATCHES,
    ORDER_SUMMARY,
    REPLAY_MATCHES,
    SENSITIVITY,
    SWEEP_FILLS,
)
from sweep_dask.terms.metrics import COLUMNS, COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping

_IN_TABLES = "centre_point_"
_OF_FILL = described("quantity | shares | of the fill")
_OF_ARM = described("scenario | | `tape`, or the scenario of the Centre Point model")
_OF_PARTICIPANT = described(
    "contra_quantity | shares | given to sweeps in the dark by orders of this participant"
)
#: Fills of the market in which all sweeps change and wait to the close, which is not measured.
_OF_ORDER = described(
    """
    filled_quantity | shares | filled until it is cancelled or trading ends
    unfilled_quantity | shares | left then
    fill_count | | number of fills until then
    unfilled_reason | | why the rest did not fill until then; empty: nothing is left
    """
)
_OF_EFFECT = described(
    """
    low | | lower bound of the 95 % interval; see `unit`
    high | | upper bound of the 95 % interval; see `unit`
    """
)
#: Columns of a sweep that are added up under the same name where a row is of many sweeps.
_ADDED_UP = {*COLUMNS, *COST_PARTS, "added_quantity"}
#: Files with names of their own: of the extracts, of the earlier pipeline, and of the contract.
_OWN: Mapping[str, Mapping[str, Described]] = {
    **ROWS,
    **NINE,
    **dict.fromkeys((MATCHES, REPLAY_MATCHES, SWEEP_FILLS), _OF_FILL),
    "by_choice": _OF_ARM,
    SENSITIVITY: {**_OF_ARM, **_OF_PARTICIPANT},
    **dict.fromkeys(("robustness", "verdicts"), _OF_EFFECT),
    ORDER_SUMMARY: _OF_ORDER,
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
    column = OURS[name]
    if name in _ADDED_UP and (file == SENSITIVITY or file.startswith("by_")):
        return column._replace(meaning=f"{column.meaning}: sum over sweeps")
    return column
