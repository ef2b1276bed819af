"""How compiled code hands on a book: a bare pointer, and the one owner of what it points to.

Numba counts the references to an array, and to a struct of its own, at nearly every use. The
kernels would spend more time on that than on the book. So a function that Python calls makes a
`BookOwner` of the book, whose references are counted, and hands on a reference to it, which like
the arrays read through it is not. It is good for as long as the owner is: until its last use in
that function.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils, extending, imputils
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.experimental import structref

from sweep_dask.compiled import kernel
from sweep_dask.matching.book import Book

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
