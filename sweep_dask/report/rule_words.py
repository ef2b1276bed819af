"""What the Centre Point book does under each rule that can be switched off, in a few words."""

from __future__ import annotations

#: By field of `matching.rules.Rules`, which says more and names the sources.
RULE_WORDS = {
    "half_tick": "some orders accept half a tick more than their limit says",
    "limit_test": "nobody trades beyond the own limit",
    "time_priority": "time alone ranks orders, a better limit does not",
    "dark_limit": "dark limit orders also meet at prices other than the midpoint",
    "any_price_block": "large blocks also meet at or outside the quotes",
    "minimum_quantity": "orders refuse less than their minimum quantity",
    "single_fill": "some minimums must be met by one order of the other side",
    "minimum_quantity_reset": "a minimum falls away once less than it is left",
    "minimum_quantity_completion": "several orders may meet a resting minimum together",
    "preferencing": "some participants meet their own orders first",
    "preference_only": "some orders meet those of the own participant alone",
    "crossing_key": "orders with one crossing key are booked against each other",
    "priority_loss": "changing price, mid-tick or enlarging an order costs its place",
    "amendment_trigger": "a changed order tries again",
    "decrease_trigger": "an order that was only made smaller tries again",
    "quote_moves": "resting orders meet when the quote moves",
    "normal_quote": "nothing trades while the bid is not below the offer",
    "continuous_only": "nothing trades outside continuous trading",
    "own_quote": "an incoming order trades at the quote recorded on it",
    "immediate": "the rest of an immediate order is cancelled at once",
    "dual_post": "a sweep with the mid-tick on also rests in the dark",
    "sweep_on_tick": "sweeps meet dark limit orders at other prices too",
}
