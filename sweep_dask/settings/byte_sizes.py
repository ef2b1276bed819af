"""Sizes in bytes, as people and Dask write them."""

from __future__ import annotations

#: Multiples a size may be written in; case does not matter, `B` may be left out.
_BYTE_UNITS = {"": 1, "b": 1} | {
    prefix + infix + suffix: base**power
    for power, prefix in enumerate("kmgtp", start=1)
    for infix, base in (("", 1000), ("i", 1024))
    for suffix in ("", "b")
}


def parse_bytes(text: float | str) -> int:
    """A size in bytes, read as `dask.utils.parse_bytes` reads it: `64KiB`, `1.5 GB`, `1e6`, `MB`.

    Raises
    ------
    ValueError
        It is no finite number with a unit of bytes.
    """
    if isinstance(text, int | float):
        return int(text)
    number = text.replace(" ", "")
    if not any(character.isdigit() for character in number):
        number = "1" + number
    end = len(number)
    while end and number[end - 1].isalpha():
        end -= 1
    unit = number[end:].lower()
    if unit not in _BYTE_UNITS:
        raise ValueError(f"{number[end:]!r} is no unit of bytes")
    try:
        return int(float(number[:end]) * _BYTE_UNITS[unit])
    except OverflowError as error:
        raise ValueError("a finite size") from error
