"""Change reasons of an order event (the `changereason` column)."""

from __future__ import annotations

TRADED = 3

#: Reasons after which an order no longer trades, as the time-priority model reads them:
#: cancelled (1, 9, 10), halt and session change (20, 21 is left out), purges (23-27), auction and
#: price-limit removals (34, 35), mass-quote and crossing deletions (41-43), invalid clearing (51).
TERMINAL = (1, 9, 10, 20, 23, 24, 25, 26, 27, 34, 35, 41, 42, 43, 51)
