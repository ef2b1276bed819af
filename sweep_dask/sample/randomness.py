"""Random numbers that are the same on every machine and with every version of numpy.

SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014):
integers only, so that no rounding of a logarithm can move a byte of the output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.sample.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)
#: One bit less than 64, so that a draw fits an int64.
_TO_INT64 = np.uint64(1)
_WORD = 2**64


def seeded(*keys: int) -> NDArray[np.uint64]:
    """A generator's state, uint64[1], that depends on every one of `keys` and on their order."""
    state = np.zeros(1, dtype=np.uint64)
    for key in keys:
        state = _mixed(state + np.array([key % _WORD], np.uint64) + _GOLDEN_GAMMA)
    return state


def draws_below(random: NDArray[np.uint64], limit: int, count: int) -> NDArray[np.int64]:
    """`count` integers in [0, limit), int64[count]; advances `random` by `count` draws."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN_GAMMA
    words = _mixed(random + steps)
    skip(random, count)
    return (words >> _TO_INT64).astype(np.int64) % limit


def skip(random: NDArray[np.uint64], count: int) -> None:
    """Advance `random` by `count` draws."""
    random += np.array([count], np.uint64) * _GOLDEN_GAMMA


def sorted_times_ns(
    random: NDArray[np.uint64], start_ns: int, stop_ns: int, count: int
) -> NDArray[np.int64]:
    """`count` distinct times in [start_ns, stop_ns), int64[count], ascending, evenly scattered.

    Advances `random` by `count` draws. The interval must be longer than `count` nanoseconds.
    """
    scattered = np.sort(draws_below(random, stop_ns - start_ns - count, count))
    # Sorted draws may repeat; adding 0, 1, 2, ... makes them distinct and keeps their order.
    return start_ns + scattered + np.arange(count, dtype=np.int64)


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = (words ^ (words >> _SHIFT_1)) * _MIX_1
    words = (words ^ (words >> _SHIFT_2)) * _MIX_2
    return words ^ (words >> _SHIFT_3)


@kernel
def draw_below(random: NDArray[np.uint64], limit: int) -> int:
    """An integer in [0, limit); advances `random` by one draw."""
    random[0] = random[0] + _GOLDEN_GAMMA
    word = random[0]
    word = (word ^ (word >> _SHIFT_1)) * _MIX_1
    word = (word ^ (word >> _SHIFT_2)) * _MIX_2
    word = word ^ (word >> _SHIFT_3)
    return int(np.int64(word >> _TO_INT64) % limit)


@kernel
def happens(random: NDArray[np.uint64], per_mille: int) -> bool:
    """Whether an event of the given probability (in thousandths) happens this time."""
    return draw_below(random, 1_000) < per_mille


@kernel
def draw_row(random: NDArray[np.uint64], weighted: NDArray[np.int64]) -> int:
    """The row of a table that is drawn; column 0 holds the weights, in whatever unit."""
    left = draw_below(random, weighted[:, 0].sum())
    for row in range(weighted.shape[0]):
        left -= weighted[row, 0]
        if left < 0:
            return row
    return int(weighted.shape[0] - 1)


@kernel
def draw_value(random: NDArray[np.uint64], weighted: NDArray[np.int64]) -> int:
    """The value (column 1) of the row of a table that is drawn by weight (column 0)."""
    return int(weighted[draw_row(random, weighted), 1])
