"""Have ids been through floating point, which makes different orders one?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.findings import CONTRADICTION, WARNING, Finding, share

if TYPE_CHECKING:
    from sweep_dask.analysis.data_checks.tally import Ids, Tally

#: Fewer rows say nothing, nor do two or three ids (both arbitrary). Not more: of thousands of ids
#: that lie close together few are left after a double.
_MIN_ROWS = 50
_MIN_VARYING_BITS = 3

_EXACT_BITS = 53


def check_ids(tally: Tally) -> list[Finding]:
    """A finding for every file whose order ids a double holds exactly."""
    found = [_check_file(file, ids) for file, ids in sorted(tally.ids.items())]
    return [finding for finding in found if finding is not None]


def _check_file(file: str, ids: Ids) -> Finding | None:
    if ids.n_large < _MIN_ROWS or (ids.any_bit & ~ids.every_bit).bit_count() < _MIN_VARYING_BITS:
        return None
    n, n_double = ids.n_large, ids.n_double
    spacing = 1 << max(0, ids.largest.bit_length() - _EXACT_BITS)
    if n_double < 0.2 * n or spacing < 4:
        return None
    step = ids.any_bit & -ids.any_bit
    if n_double == n and step > spacing:
        return None  # ids that end in so many zero bits by design lose nothing in a double
    return Finding(
        "ids_through_double",
        CONTRADICTION if n_double > 0.9 * n else WARNING,
        f"{share(n_double, n)} of {n:,} order ids are multiples of "
        f"{_spacings(step if n_double == n else spacing, spacing)}: they went through floating "
        "point, and different orders have become one.",
        f"About one in {spacing:,}: near {ids.largest:.2g} doubles are {spacing:,} apart.",
        "Export the column as 64-bit integers or as text; lost digits cannot be brought back.",
        file,
        {"ids": n, "exact_doubles": n_double, "double_spacing": spacing},
    )


def _spacings(least: int, largest: int) -> str:
    """Ids of different sizes have different spacings."""
    return f"{least:,}" if least >= largest else f"{least:,} or {largest:,}"
