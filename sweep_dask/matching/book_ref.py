"""How compiled code hands on a book: a bare pointer, and the one owner of what it points to.

Numba counts the references to an array, and to a struct of its own, at nearly every use. The
kernels would spend more time on that than on the book. So a function that Python calls makes a
`BookOwner` of the book, whose references are counted, and hands on a reference to it, which like
the arrays read through it is not. It is good for as long as the owner is: until its last use in
that function.

To make room for one more event is to give the owner larger arrays, and trees without the slots of
those who left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import types
from numba.core import cgutils, extending, imputils
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.experimental import structref

from sweep_dask.compiled import kernel
from sweep_dask.matching.book import COLUMNS, NO_REACH, ORDER_NUMBER, PARTICIPANTS, Book, IntArray
from sweep_dask.matching.queue import combine

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Numba's types do not cover these.
_types: Any = types
_cgutils: Any = cgutils
_extending: Any = extending
_imputils: Any = imputils
_structref: Any = structref
_StructModel: Any = models.StructModel
_AttributeTemplate: Any = AttributeTemplate


@_structref.register
class _OwnerType(_types.StructRef):  # type: ignore[misc]
    """What Numba calls a `BookOwner`."""


class BookOwner(_structref.StructRefProxy):  # type: ignore[misc]
    """Holds the arrays of a `Book` under the same names; in compiled code, made of its fields."""


_structref.define_constructor(BookOwner, _OwnerType, Book._fields)


class _RefType(_types.StructRef):  # type: ignore[misc]
    """A pointer to what a `BookOwner` holds, to read its fields."""


@_extending.register_model(_RefType)
class _RefModel(_StructModel):  # type: ignore[misc]
    """That of an owner, but Numba does not know that it points to something that is counted."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("meminfo", _types.voidptr)])


@_extending.infer_getattr
class _RefAttributes(_AttributeTemplate):  # type: ignore[misc]
    """A reference has the fields of its owner."""

    key = _RefType

    def generic_resolve(self, kind: Any, name: str) -> Any:
        """The type of a field, None if there is none of that name."""
        return kind.field_dict.get(name)


@_extending.lower_getattr_generic(_RefType)  # type: ignore[untyped-decorator]
def _read_field(context: Any, builder: Any, kind: Any, ref: Any, name: str) -> Any:
    """An array of the owner, which does not tell what counts its references."""
    payload = kind.get_data_type()
    pointer = builder.bitcast(
        context.nrt.meminfo_data(builder, builder.extract_value(ref, 0)),
        context.get_value_type(payload).as_pointer(),
    )
    fields = _cgutils.create_struct_proxy(payload)(context, builder, ref=pointer)
    array = context.make_array(kind.field_dict[name])(context, builder, getattr(fields, name))
    array.meminfo = _cgutils.get_null_value(array.meminfo.type)
    return array._getvalue()


@_extending.intrinsic  # type: ignore[untyped-decorator]
def reference_to(_context: Any, owner: Any) -> Any:
    """Return a reference to what an owner holds."""
    return _RefType(owner._fields)(owner), _point_to_the_same


@_extending.intrinsic  # type: ignore[untyped-decorator]
def owner_of(_context: Any, ref: Any) -> Any:
    """Return the owner that a reference is to, to give it other arrays."""

    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        owner = _point_to_the_same(context, builder, signature, arguments)
        return _imputils.impl_ret_borrowed(context, builder, signature.return_type, owner)

    return _OwnerType(ref._fields)(ref), lower


def _point_to_the_same(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    made = _cgutils.create_struct_proxy(signature.return_type)(context, builder)
    made.meminfo = builder.bitcast(builder.extract_value(arguments[0], 0), made.meminfo.type)
    return made._getvalue()


@kernel
def book_of(owner: Any) -> Book:
    """Return what an owner holds."""
    return Book(
        owner.orders,
        owner.tree,
        owner.state,
        owner.fills,
        owner.ticks,
        owner.opted_in,
        owner.lit,
        owner.left,
        owner.gains,
    )


@kernel
def lacks_room(book: Book, order: int) -> bool:
    """Whether there is no room for an order, its slot, its participant, or its fills.

    A fill uses up one of its two orders, so that there are at most as many as rest, and one.
    """
    state, tree = book.state[0], book.tree
    most_used = max(tree[0, 0, ORDER_NUMBER], tree[1, 0, ORDER_NUMBER])
    return bool(
        order >= book.orders.size
        or 2 * most_used >= tree.shape[1]
        or state.fills + state.resting + 2 > book.fills.size
        or state.participants >= book.opted_in.shape[0]
    )


@kernel
def make_room(book: Any, order: int) -> None:
    """Give a book what `lacks_room` asks for."""
    state, owner = book.state[0], owner_of(book)
    owner.orders = _larger(owner.orders, order + 1)
    owner.fills = _larger(owner.fills, state.fills + state.resting + 2)
    owner.tree = _with_free_slots(owner)
    opted_in = owner.opted_in
    if state.participants == opted_in.shape[0]:
        owner.opted_in = np.zeros((2 * state.participants, 2), np.int64)
        for row in range(state.participants):
            for column in range(2):
                owner.opted_in[row, column] = opted_in[row, column]


@kernel
def _with_free_slots(book: Book) -> IntArray:
    """Return a tree that is at most half full, if one side of the present one is full."""
    tree = book.tree
    if 2 * max(tree[0, 0, ORDER_NUMBER], tree[1, 0, ORDER_NUMBER]) < tree.shape[1]:
        return tree
    slots = tree.shape[1] // 2
    # As many as rest on both sides: more than enough for one.
    while slots < 2 * book.state[0].resting:
        slots *= 2
    return _packed(book, np.empty((2, 2 * slots, COLUMNS), np.int64))


@kernel
def _packed(book: Book, tree: IntArray) -> IntArray:
    """Move all that rest, in their order, to a new tree with room for them; return it."""
    slots, old_slots = tree.shape[1] // 2, book.tree.shape[1] // 2
    for side in range(2):
        used = 0
        for row in range(old_slots, old_slots + book.tree[side, 0, ORDER_NUMBER]):
            if book.tree[side, row, PARTICIPANTS]:
                for column in range(COLUMNS):
                    tree[side, slots + used, column] = book.tree[side, row, column]
                book.orders[tree[side, slots + used, ORDER_NUMBER]].slot = used
                used += 1
        for row in range(slots + used, 2 * slots):
            for column in range(PARTICIPANTS):
                tree[side, row, column] = NO_REACH
            tree[side, row, PARTICIPANTS] = tree[side, row, ORDER_NUMBER] = 0
        for at in range(slots - 1, 0, -1):
            combine(tree, side, at)
        tree[side, 0, ORDER_NUMBER] = used
    book.state[0].steps += 2 * tree.shape[1] + book.tree.shape[1]
    return tree


@kernel
def _larger(records: NDArray[np.void], size: int) -> NDArray[np.void]:
    """Return records with room for so many."""
    if records.size >= size:
        return records
    larger = np.zeros(max(size, 2 * records.size), records.dtype)
    for index in range(records.size):
        larger[index] = records[index]
    return larger
