"""The sides of an order, as the column `side` has them."""

from __future__ import annotations

BUY = 1
SELL = 2
#: By name, in the order in which they are shown.
SIDES = {"buy": BUY, "sell": SELL}
SIDE_NAMES = {side: name for name, side in SIDES.items()}
