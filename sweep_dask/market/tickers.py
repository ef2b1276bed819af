"""Tickers in the exchange's reference table."""

from __future__ import annotations

import re

_TICKER = re.compile(r"[A-Z0-9]{2,8}")


def ticker_of(text: object) -> str | None:
    """`BHP` of `BHP` and of `BHP SECURITY`; None of what begins otherwise."""
    word = str(text or "").split(" ")[0]
    return word if _TICKER.fullmatch(word) else None
