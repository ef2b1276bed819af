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


def percent(share: float | None) -> str:
    """`0.4131` becomes `41.3 %`."""
    return NONE if share is None or math.isnan(share) else f"{100 * share:.1f} %"


def share(part: int, whole: int) -> str:
    """`part` of `whole` in percent; of nothing there is no share."""
    return percent(part / whole) if whole else NONE


def against(difference: int, whole: int) -> str:
    """A difference in percent of what it differs from, with its sign."""
    return f"{_without_sign_of_zero(difference / whole):+.1f} %" if whole else signed(difference)


def points(share: float | None) -> str:
    """A difference of two shares in percentage points: `0.031` becomes `3.1`."""
    return NONE if share is None else f"{_without_sign_of_zero(share):.1f}"


def _without_sign_of_zero(share: float) -> float:
    """In percent, to one decimal; -0.04 becomes 0, not -0."""
    return round(100 * share, 1) + 0.0


def duration(time_ns: int | None) -> str:
    """Nanoseconds in the unit that fits: `at once` for none, `12.3 µs`, `4.25 ms`, `1.20 s`."""
    if time_ns is None:
        return NONE
    if time_ns < 1_000_000:
        return f"{time_ns / 1_000:.1f} \u00b5s" if time_ns else "at once"
    if time_ns < 1_000_000_000:
        return f"{time_ns / 1_000_000:.1f} ms"
    return seconds(time_ns / 1_000_000_000)


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
    "against": against,
    "points": points,
    "duration": duration,
    "seconds": seconds,
    "counted": counted,
    "bytes": format_bytes,
}
