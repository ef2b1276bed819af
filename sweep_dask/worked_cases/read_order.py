"""One order from JSON to `format.Terms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.order_codes import CENTRE_POINT, SHORT_SELL, SWEEP
from sweep_dask.matching.events import Validity
from sweep_dask.terms.sides import SELL, SIDES
from sweep_dask.worked_cases import document as read
from sweep_dask.worked_cases.document import Members, Place
from sweep_dask.worked_cases.format import (
    FLAGS,
    KINDS,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    UNDISCLOSED,
    VALIDITIES,
    Terms,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_ORDER = ("id", "side", "quantity", "price", "order_type", "type", "midtick", "maq", "single_fill",
          "participant", "key", "validity", "display", "preference_only")  # fmt: skip
_ORDER_TYPES = {name: name for name in (LIMIT, MARKET, MARKET_TO_LIMIT)}
_LARGEST_MIDTICK = 6
_MIDTICK_OFF = 2


def _midtick(value: object, place: Place) -> int:
    number = read.whole_number(0)(value, place)
    if number > _LARGEST_MIDTICK:
        raise place.error(value, "a mid-tick from 0 to 6")
    return number


#: What an amendment may change, and how it is read.
CHANGES: dict[str, Callable[[object, Place], int | bool]] = {
    "quantity": read.whole_number(1),
    "price": read.whole_number(1),
    "midtick": _midtick,
    "maq": read.whole_number(0),
    "single_fill": read.flag,
    "key": read.whole_number(0),
}


def read_order(value: object, place: Place) -> Terms:
    """An order; all but id, side, quantity, type and the price of a limit order may be absent.

    Raises
    ------
    InputError
        A member is missing, unknown or wrong, or the order type and the price do not fit.
    """
    members = Members(value, place, _ORDER)
    kind = members.required("type", _type)
    order_type = members.optional("order_type", read.choice(_ORDER_TYPES), LIMIT)
    _require_order_type(kind, order_type, place)
    side = members.required("side", read.choice(SIDES))
    if kind & SHORT_SELL and side != SELL:
        raise place.member("side").error("buy", f"sell, as type {kind} is a short sale")
    return Terms(
        id=members.required("id", read.identifier),
        side=side,
        quantity=members.required("quantity", read.whole_number(1)),
        type=kind,
        order_type=order_type,
        price=_price(members, order_type),
        midtick=members.optional("midtick", _midtick, _MIDTICK_OFF),
        maq=members.optional("maq", read.whole_number(0), 0),
        single_fill=members.optional("single_fill", read.flag, default=False),
        participant=members.optional("participant", read.whole_number(0), None),
        key=members.optional("key", read.whole_number(0), 0),
        validity=members.optional("validity", read.choice(VALIDITIES), Validity.DAY),
        display=members.optional("display", read.whole_number(1), None),
        preference_only=members.optional("preference_only", read.flag, default=False),
    )


def _type(value: object, place: Place) -> int:
    number = read.whole_number(0)(value, place)
    if number & ~FLAGS not in KINDS:
        kinds = ", ".join(str(kind) for kind in KINDS)
        raise place.error(value, f"one of {kinds}, plus {SHORT_SELL} or {UNDISCLOSED}")
    return number


def _require_order_type(kind: int, order_type: str, place: Place) -> None:
    base = kind & ~FLAGS
    if base == SWEEP:
        allowed: tuple[str, ...] = (LIMIT, MARKET_TO_LIMIT)
    else:
        allowed = (LIMIT, MARKET) if base >= CENTRE_POINT else (LIMIT,)
    if order_type not in allowed:
        expected = f"{' or '.join(allowed)}, as the type is {kind}"
        raise place.member("order_type").error(order_type, expected)


def _price(members: Members, order_type: str) -> int:
    if order_type == LIMIT:
        return members.required("price", read.whole_number(1))
    price = members.optional("price", read.any_value, None)
    if price is not None:
        expected = f"null, as a {order_type} order has no price"
        raise members.place.member("price").error(price, expected)
    return 0
