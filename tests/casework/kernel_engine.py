"""The compiled book behind the face that cases know, to be held equal to the one they use."""

from sweep_dask.casework.engines import block_min_value
from sweep_dask.matching.centre_point import apply_event, fills_of, open_book
from sweep_dask.matching.reference.orders import Fill
from sweep_dask.matching.rules import Rules


class KernelEngine:
    """The compiled book."""

    def __init__(self, case):
        self._book = open_book(
            Rules(),
            *case.ticks.arrays,
            case.preferencing,
            block_min_value(case),
        )
        self._applied = 0
        self._made = 0

    def apply(self, event):
        """Apply one event."""
        self._book = apply_event(self._book, event, self._applied)
        self._applied += 1
        fills = fills_of(self._book)[self._made :]
        self._made += fills.size
        return [Fill(*(int(fill[name]) for name in Fill._fields)) for fill in fills]

    def minimum(self, number):
        """The minimum now in force."""
        return int(self._book.orders[number]["maq"])
