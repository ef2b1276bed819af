"""Sizes are those of Dask."""

from __future__ import annotations

import dask.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.memory import parse_bytes


def outcome(parse, text):
    """The size, or "refused" (dask lets the overflow of an infinite size through)."""
    try:
        return parse(text)
    except (ValueError, OverflowError):
        return "refused"


@pytest.mark.parametrize(
    "text",
    [
        *("65536", "64KiB", "1GB", "1e6", "1.5 GB", "MB", "5kB", "5.4 kB", "1kiB", "1e6 kB"),
        *("100M", "1 Ti", "-3MB", ".5k", "5 foos", "", "e6", "1e", "1e999", "1_000", "KiB", "B"),
        *("1 000", "nan", "inf", "--5", "5\tMB", "1.2.3", "0", "nan1", "\u0661k", "5\u212a"),
    ],
)
def test_sizes_are_read_as_dask_reads_them(text):
    assert outcome(parse_bytes, text) == outcome(dask.utils.parse_bytes, text)


@pytest.mark.parametrize("size", [0, 1, 65536, 1.5, 2**60, -1])
def test_numbers_are_read_as_dask_reads_them(size):
    assert parse_bytes(size) == dask.utils.parse_bytes(size)


@given(
    st.one_of(st.integers(0, 10**7).map(str), st.floats(0, 1e7).map(repr), st.text(max_size=6)),
    st.sampled_from(["", " ", "  "]),
    st.sampled_from([*dask.utils.byte_sizes, "KiB", "Gb", "x"]),
)
def test_any_text_is_read_as_dask_reads_it(number, blank, unit):
    text = number + blank + unit
    assert outcome(parse_bytes, text) == outcome(dask.utils.parse_bytes, text)
