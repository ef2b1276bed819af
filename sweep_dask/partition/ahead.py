"""Compiling ahead: what a run needs, before there is any data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.centre_point.replay_target import count_contras
from sweep_dask.analysis.rollups.cells import added_up
from sweep_dask.analysis.rollups.pairs import count_pairs
from sweep_dask.analysis.time_priority.fills import add_fills
from sweep_dask.compiled import is_kept
from sweep_dask.market.ticks import (
    DEFAULT_TICKS,
    TickTable,
    effective_limits_x2,
    is_on_tick,
    tick_above,
)
from sweep_dask.matching.book import open_book
from sweep_dask.matching.centre_point import apply_events
from sweep_dask.matching.events import EVENT
from sweep_dask.matching.rules import Rules
from sweep_dask.matching.time_priority import fill_sweeps
from sweep_dask.storage.scan import scan_bytes
from sweep_dask.storage.validate import copy_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def is_compiled(*, book: bool) -> bool:
    """Whether what a run needs is on disk; `book`: that of Centre Point as well."""
    return all(is_kept(function) for function, *_ in _calls(book=book))


def is_book_compiled() -> bool:
    """Whether the Centre Point book is on disk."""
    return is_kept(apply_events)


def compile_ahead(*, book: bool) -> None:
    """Have what a run needs on disk: what takes longest first, and last what ingest needs.

    Ingest begins at about the same time, and has compiled that before.
    """
    for function, *arguments in _calls(book=book):
        function(*arguments)


def _calls(*, book: bool) -> Iterator[tuple[Callable[..., Any], *tuple[Any, ...]]]:
    """Functions, with arguments of the types that they get in a run."""
    integers, flags, bytes_ = (np.empty(0, kind) for kind in (np.int64, np.bool_, np.uint8))
    table, floats = np.empty((0, 0), np.int64), np.empty((0, 0))
    text = np.frombuffer(b"\n", np.uint8)
    # A table of its own: it keeps its arrays, and they would travel with the jobs and arrive
    # read-only, which to the compiler is another type.
    ticks = TickTable(DEFAULT_TICKS.rows).arrays
    fields = (np.zeros(1, np.uint8), table)
    if book:
        yield apply_events, open_book(Rules(), *ticks), np.empty(0, EVENT), integers, integers
        yield count_contras, *(integers,) * 5, flags, 0, integers, integers
    yield fill_sweeps, integers, integers, integers, integers, integers
    yield add_fills, integers, integers, integers, np.empty(0), table, table, floats
    yield effective_limits_x2, integers, flags, integers, *ticks
    yield added_up, integers, 0, table
    yield added_up, integers, 0, floats
    yield count_pairs, table, 0, np.empty((0, 0), np.bool_), floats, table
    yield scan_bytes, text, 0, fields, 0, 0, (integers, integers, bytes_, integers, table)
    yield copy_cells, text, integers, 0, bytes_, np.empty(1, np.int32)
    yield is_on_tick, integers, *ticks
    yield tick_above, integers, *ticks
