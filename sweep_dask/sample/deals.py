"""Why a trade occurred: the `dealsource` column and its text, as far as the generator writes it."""

from __future__ import annotations

#: ASX Trade, Business Information section 14.3.
LIT, LIT_SAME_CLIENT = 1, 44
PREFERENCED, DARK, DARK_SAME_CLIENT = 46, 47, 48

DECODED = {
    LIT: "Continuous Lit",
    LIT_SAME_CLIENT: "Continuous Lit UCP",
    PREFERENCED: "Centre Point Preferencing",
    DARK: "Centre Point",
    DARK_SAME_CLIENT: "Centre Point UCP",
}
