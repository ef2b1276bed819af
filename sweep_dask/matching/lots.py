"""Priority drawn by lot: no market has such a rule, but others are measured against it.

An order keeps its lot as long as it keeps its place in the queue.
"""

from __future__ import annotations

from sweep_dask.compiled import kernel

#: Of a permutation of 32 bits that leaves little to guess (Wellons, "Prospecting for hash
#: functions", 2018): no two places have the same lot.
_FIRST, _SECOND, _BITS = 0x7FEB352D, 0x846CA68B, 0xFFFFFFFF


def lot_of(rank: int, seed: int) -> int:
    """Return the lot, of 32 bits, of a place in the queue; the least is met first."""
    lot = (rank + seed) & _BITS
    lot ^= lot >> 16
    lot = (lot * _FIRST) & _BITS
    lot ^= lot >> 15
    lot = (lot * _SECOND) & _BITS
    return lot ^ (lot >> 16)


#: The same for compiled functions alone.
kernel_lot_of = kernel(lot_of)
