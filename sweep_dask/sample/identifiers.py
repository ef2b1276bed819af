"""Order ids: 19 digits, unique for ever, ascending by entry within a security and date."""

from __future__ import annotations

from datetime import date

#: Real ids of 2024 begin with 79; the last id of 2049 stays below 2**63.
_FIRST_ID = 7_900_000_000_000_000_000
_DAY_ZERO = date(2000, 1, 1)

#: An id is day, security and number side by side: 65,536 securities, 2**30 numbers per day.
_SECURITY_SHIFT, _DAY_SHIFT = 30, 46

#: Where the ids of orders that are older than the market's first day begin among the numbers.
_OLD_NUMBERS = 2**29


def first_order_id(day: date, security_position: int) -> int:
    """The id below all ids of one security and date."""
    days = (day - _DAY_ZERO).days
    return _FIRST_ID + (days << _DAY_SHIFT) + (security_position << _SECURITY_SHIFT)


def first_old_order_id(day: date, security_position: int) -> int:
    """The id below those of orders that were entered long before `day` and are still alive."""
    return first_order_id(day, security_position) - (1 << _DAY_SHIFT) + _OLD_NUMBERS
