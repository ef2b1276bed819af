"""Order ids as people type them."""

from __future__ import annotations

import re

from sweep_dask.errors import UsageError

_LARGEST = 2**63 - 1


def parse_order_id(text: str) -> int:
    """The whole number; blanks, commas and underscores between its digits do not matter.

    Raises
    ------
    UsageError
        It is none, or too large for one.
    """
    digits = re.sub(r"[ ,_]", "", text)
    if re.fullmatch(r"[0-9]+", digits, re.ASCII) and int(digits) <= _LARGEST:
        return int(digits)
    is_float = re.fullmatch(r"[0-9]+\.[0-9]*|[0-9]+(\.[0-9]*)?[eE]\+?[0-9]+", digits, re.ASCII)
    what = "An order id is a whole number of at most 19 digits."
    cure = "Give its digits, such as 7904794000123498602."
    if is_float:
        cure = "A float has lost the last of 19 digits: take the id from the input or a table."
    raise UsageError(what, where="ORDER_ID", value=text, cure=cure)
