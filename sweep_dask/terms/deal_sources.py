"""Why a trade occurred: the `dealsource` column (ASX Trade, Business Information section 14.3).

A crossing booking is a match of one participant's orders with the same crossing key: it uses up
both orders, but is no trade of the market and counts in no statistic.
"""

from __future__ import annotations

LIT = 1
AUCTION = 20
LIT_CROSSING_BOOKING = 44
AUCTION_CROSSING_BOOKING = 45
CENTRE_POINT_PREFERENCED = 46
CENTRE_POINT = 47
CENTRE_POINT_CROSSING_BOOKING = 48
PREFERENCE_ONLY = 49
BLOCK = 50
BLOCK_PREFERENCED = 51
PREFERENCE_ONLY_BLOCK = 52
POST_CLOSE = 90
POST_CLOSE_CROSSING_BOOKING = 91

#: Matches of the lit book in continuous trading.
CONTINUOUS_LIT = (LIT, LIT_CROSSING_BOOKING)
#: Matches of the lit book, those of auctions as well.
LIT_BOOK = (*CONTINUOUS_LIT, AUCTION, AUCTION_CROSSING_BOOKING)
#: Matches of the Centre Point book.
DARK = (
    CENTRE_POINT_PREFERENCED,
    CENTRE_POINT,
    CENTRE_POINT_CROSSING_BOOKING,
    PREFERENCE_ONLY,
    BLOCK,
    BLOCK_PREFERENCED,
    PREFERENCE_ONLY_BLOCK,
)
BOOKINGS = (
    LIT_CROSSING_BOOKING,
    AUCTION_CROSSING_BOOKING,
    CENTRE_POINT_CROSSING_BOOKING,
    POST_CLOSE_CROSSING_BOOKING,
)
#: Count in volume and value, not in open, high, low and last (24.1.3; 52 by analogy).
VOLUME_ONLY = (BLOCK, BLOCK_PREFERENCED, PREFERENCE_ONLY_BLOCK)

#: Matches at the midpoint, or at an on-tick price inside the spread.
INSIDE_THE_QUOTE = tuple(source for source in DARK if source not in VOLUME_ONLY)

#: The text beside the number (`dealsourcedecoded`), as far as extracts have shown it.
DECODED = {
    LIT: "Continuous Lit",
    AUCTION: "Auction",
    LIT_CROSSING_BOOKING: "Continuous Lit UCP",
    AUCTION_CROSSING_BOOKING: "Auction UCP",
    CENTRE_POINT_PREFERENCED: "Centre Point Preferencing",
    CENTRE_POINT: "Centre Point",
    CENTRE_POINT_CROSSING_BOOKING: "Centre Point UCP",
}
#: What each is called, whether or not an extract has shown it.
NAMES = {
    **DECODED,
    PREFERENCE_ONLY: "Centre Point Preference Only",
    BLOCK: "Any Price Block",
    BLOCK_PREFERENCED: "Any Price Block Preferencing",
    PREFERENCE_ONLY_BLOCK: "Any Price Block Preference Only",
}
