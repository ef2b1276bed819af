"""The score of the book against the tape: keys of `fidelity.json`, with their words."""

from __future__ import annotations

from sweep_dask.terms.choices import CLOSE, LIFETIME, RECORDED

#: The two ways of replaying: each trade of the tape put right before the next, or never.
RESYNC, FREE = "resync", "free"
MODES = {RESYNC: "Step by step", FREE: "Free-running"}

#: What made a match on the tape happen: keys of `by_trigger`.
ARRIVAL, AMENDMENT, RESTING, ORDER_MISSING = "arrival", "amendment", "resting", "order_missing"
TRIGGERS = {
    ARRIVAL: "an order that arrived or was changed",
    "both_passive": "both orders were resting",
    ORDER_MISSING: "one of its orders is not in the input, or was left out",
}
#: The same told apart further: keys of `by_event`. Two orders that rest meet as the quote moves, or
#: as an incoming one makes up a minimum.
EVENTS = {
    ARRIVAL: "an order that arrived",
    AMENDMENT: "an order that was changed",
    RESTING: "two orders that were resting",
    ORDER_MISSING: "an order not in the input",
}
#: Those that may make the book predict a match.
PREDICTED = (ARRIVAL, AMENDMENT, RESTING)
#: Who took part, as the incoming one or resting: keys of `by_kind`.
KINDS = {
    "active_sweeps": "a sweep that came in",
    "passive_sweeps": "a sweep that was resting",
    "active_orders": "another order that came in",
    "passive_orders": "another order that was resting",
}

#: Why a dark match was not predicted, in the order in which causes are looked for.
CAUSES = {
    "order_not_in_input": "an order of the match has no row in the input, or was left out",
    "quote_moved_unseen": "two resting orders met, and nothing in the input happened at that time",
    "quote_stale": "the midpoint known at the event is not the price on the tape",
    "maq_unknown": "the price is right, but a minimum quantity in force stands in the way",
    "other": "none of these",
}

#: Until when orders that were hidden are asked about: keys of `until`, which are lifetimes.
UNTIL = {
    RECORDED: "until its record ended",
    LIFETIME: "for five minutes",
    CLOSE: "until trading closed",
}
#: What was predicted of any fill, and what happened: keys of `any_fill`.
OUTCOMES = {
    "predicted_and_real": "predicted and real",
    "predicted_only": "predicted only",
    "real_only": "real only",
    "neither": "neither",
}
