"""Numbers as the explanation writes them."""

from __future__ import annotations

#: In place of a number there is none of.
NONE = "-"
#: Prices of the input are in 0.1 cent, and doubled here.
_X2_PER_DOLLAR = 2_000


def dollars(price_x2: int) -> str:
    """A doubled price in dollars, exactly: `6670` becomes `3.3350`."""
    whole, rest = divmod(price_x2, _X2_PER_DOLLAR)
    return f"{whole:,}.{5 * rest:04}"


def decimals(value: float | None) -> str:
    """Two decimals, without the sign of a zero."""
    return NONE if value is None else f"{round(value, 2) + 0.0:,.2f}"


def percent(share: float | None) -> str:
    """`0.4131` becomes `41.3 %`."""
    return NONE if share is None else f"{100 * share:.1f} %"
