"""Numbers as the report writes them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_dask.system_config import format_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

#: In place of a number there is none of.
NONE = "\u2013"


def number(value: float | None) -> str:
    """`1234567` becomes `1,234,567`; a fraction gets two decimals."""
    if value is None or math.isnan(value):
        return NONE
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def signed(value: int) -> str:
    """A difference: always with its sign, except 0."""
    return f"{value:+,}" if value else "0"


def percent(share: float) -> str:
    """`0.4131` becomes `41.3 %`."""
    return NONE if math.isnan(share) else f"{100 * share:.1f} %"


def share(part: int, whole: int) -> str:
    """`part` of `whole` in percent; of nothing there is no share."""
    return percent(part / whole) if whole else NONE


def seconds(value: float) -> str:
    """A duration: `0.173 s`, `12.3 s`, `1 h 02 min`."""
    if value < 10:
        return f"{value:.3f} s"
    if value < 600:
        return f"{value:.1f} s"
    hours, minutes = divmod(round(value / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def counted(count: int, noun: str) -> str:
    """`1 sweep`, `2 sweeps`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


FILTERS: dict[str, Callable[..., str]] = {
    "number": number,
    "signed": signed,
    "percent": percent,
    "share": share,
    "seconds": seconds,
    "counted": counted,
    "bytes": format_bytes,
}
