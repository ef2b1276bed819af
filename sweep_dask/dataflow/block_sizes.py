"""How large the blocks still to be read are to be, from the memory that the ones before took."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sweep_dask.memory import MINIMUM_BLOCKSIZE_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Share of a worker's memory limit from which blocks are halved: the next one may be unlike the
#: ones before. Below the other, for so many waves, they grow again. At this fraction of the planned
#: size they stay: what takes memory then is not the block. All are arbitrary.
NEAR_LIMIT = 0.7
FAR_FROM_LIMIT = 0.4
CALM_WAVES = 2
SMALLEST_FRACTION = 8


@dataclass(frozen=True)
class BlockSizeChange:
    """Blocks from one on had another size."""

    block: int
    """Number of the first one."""
    blocksize_bytes: int
    memory_share: float
    """Of the limit of a worker, the most that one took for a block before."""

    def as_json(self) -> dict[str, float]:
        """As the manifest has it."""
        return asdict(self)


def next_blocksize(blocksize_bytes: int, planned_bytes: int, shares: Sequence[float]) -> int:
    """The size of the next blocks, in bytes; never above the planned one.

    Parameters
    ----------
    blocksize_bytes
        The size of the last ones.
    shares
        For each wave of this size, the last one last: the most that a worker took for a block, as
        a share of its memory limit.
    """
    smallest_bytes = max(
        planned_bytes // SMALLEST_FRACTION, min(planned_bytes, MINIMUM_BLOCKSIZE_BYTES)
    )
    if shares[-1] >= NEAR_LIMIT:
        return max(smallest_bytes, blocksize_bytes // 2)
    if len(shares) >= CALM_WAVES and max(shares[-CALM_WAVES:]) < FAR_FROM_LIMIT:
        return min(planned_bytes, 2 * blocksize_bytes)
    return blocksize_bytes
