"""Units of prices, amounts and shares."""

from __future__ import annotations

#: Prices are in 0.1 cent.
PRICE_PER_AUD = 1_000
#: Doubled, so that midpoints are whole numbers.
PRICE_X2_PER_AUD = 2 * PRICE_PER_AUD
#: Basis points in one.
BPS = 10_000


def dollars(price_x2: int) -> str:
    """A doubled price in dollars, exactly: `6670` becomes `3.3350`."""
    whole, rest = divmod(price_x2, PRICE_X2_PER_AUD)
    return f"{whole:,}.{5 * rest:04}"
