"""Why a sweep did not fill, an order is left out of the book, and the input leaves things open."""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """Why the rest of a sweep did not fill."""

    words: str
    clause: str
    """The same within a sentence; `{beyond}` is `above` for a buy and `below` for a sell."""
    sections: tuple[str, ...] = ()
    """Of the rules of Centre Point that say so."""


DECREASED = "decreased"
FILLED_LATER = "filled_later"
# fmt: off
#: Values of `unfilled_reason` in the order in which they are shown: what stood in the way when the
#: sweep last looked, or what became of the rest otherwise.
UNFILLED_REASONS = {
    "limit": Reason(
        "Its own limit: the midpoint was above what a buy would pay or below what a sell would "
        "take.",
        "the midpoint was {beyond} its own limit", ("2.2",)),
    "contra_limit": Reason(
        "Limits of the other side: orders were there, and none accepted the midpoint.",
        "orders were there on the other side, and none accepted the midpoint", ("2.2", "3.4")),
    "minimum_quantity": Reason(
        "A minimum quantity, its own or that of the others, could not be met.",
        "a minimum quantity, its own or that of its contras, could not be met",
        ("7.1", "7.2", "7.3")),
    "no_contra": Reason("Nobody was there on the other side.",
        "nobody was there on the other side of the dark book", ("5.1",)),
    "quote_locked_or_crossed": Reason(
        "The bid was not below the offer: nothing trades in the dark then.",
        "the bid was not below the offer", ("6.2",)),
    "quote_missing": Reason("There was no bid or no offer, so no midpoint.",
        "there was no bid or no offer, so no midpoint", ("6.1",)),
    "session": Reason(
        "It never looked in continuous trading: it arrived, or was there, outside of it.",
        "it did not look in continuous trading", ("5.4",)),
    FILLED_LATER: Reason("It filled, but after the time at which sweeps are measured.",
        "it did fill, after the time at which it is measured"),
    DECREASED: Reason("Its owner took the rest away by making the order smaller.",
        "its owner had made it smaller by then", ("3.11",)),
}
# fmt: on

#: Why an order is left out, in the order in which it is looked for; an order has one reason.
LEFT_OUT_REASONS = {
    "crossing_order": "type 256 (Centre Point crossing) is not matched in the book",
    "unknown_order_type": "the type has bits that mean nothing, or belongs to two books",
    "unknown_side": "the side is neither 1 (buy) nor 2 (sell)",
    "unknown_midtick": "the mid-tick value does not exist, or not on this order type",
    "quantity_too_large": "what is left of it, or has traded, is beyond 10,000,000,000 shares",
    "out_of_order": "a row or trade of it is stamped before one ahead of it in engine order",
    "fills_before_entry": "the order trades before its first row, or its first row is a fill",
    "totals_contradict_trades": "totalmatchedquantity is not the sum of its trades, or falls",
}

#: What the input of a partition may leave open for the Centre Point model: keys of its `gaps`.
NO_SESSION_ROWS, NEVER_CONTINUOUS = "no_session_rows", "never_continuous"
NO_QUOTES, NO_QUOTE_MOVES = "no_quotes", "no_quote_moves"
NO_TRADES, NO_TAPE = "no_trades", "no_tape"
GAPS = {
    NO_SESSION_ROWS: "no session row tells when trading is continuous: it is taken to open with "
    "the first auction trade or dark order, and not to close (from 23 June 2025 on it is taken to "
    "do both by the timetable)",
    NEVER_CONTINUOUS: "trading is never continuous: nothing can trade in the dark",
    NO_QUOTES: "neither the quote file nor an order row has a quote: there is no midpoint, and "
    "nothing trades in the dark",
    NO_QUOTE_MOVES: "there are no rows of the quote file: quote moves are unseen, and orders "
    "trade at the quotes on their own rows",
    NO_TRADES: "there are no trades: nothing can be compared with the tape",
    NO_TAPE: "the trades lack columns that tell dark from lit: nothing can be compared with the "
    "tape, and recorded fills in the lit book are unknown",
}
