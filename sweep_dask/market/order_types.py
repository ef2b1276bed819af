"""Exchange order types: a bit mask, not a list of codes.

`4098` is 4096 + 2, a Centre Point block order that is a short sale; comparing with a list of
codes silently loses such orders (66, 2050).
"""

from __future__ import annotations

#: A flag on any of the others: the seller does not own what is sold.
SHORT_SELL = 2
CENTRE_POINT = 64
CENTRE_POINT_CROSSING = 256
SWEEP = 2048
CENTRE_POINT_BLOCK = 4096

#: A row is of interest when any of these bits is set.
CENTRE_POINT_BITS = CENTRE_POINT | CENTRE_POINT_CROSSING | SWEEP | CENTRE_POINT_BLOCK

#: The time-priority model looks at exactly these codes (short-sell siblings 66 and 2050 are not
#: among them; 4098 is). It is kept as published.
TIME_PRIORITY_TYPES = (64, 256, 2048, 4096, 4098)
