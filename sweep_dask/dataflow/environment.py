"""Variables that processes inherit which start meanwhile."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process; at the end they are what they were.

    What is so already is left to who made it so, such as another thread that does the same.
    """
    before = {name: old for name in wanted if (old := os.environ.get(name)) != wanted[name]}
    os.environ |= {name: wanted[name] for name in before}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
