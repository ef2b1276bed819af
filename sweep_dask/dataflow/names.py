"""What Dask's own pages call the work: a group of tasks a kind of work, a span a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from distributed import span

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def stage_span(stage: str) -> AbstractContextManager[str]:
    """Tasks that are submitted meanwhile belong to this stage, within one that is open."""
    context: AbstractContextManager[str] = span(stage)
    return context


def new_group(kind: str) -> str:
    """The name of a group of tasks of this kind, which pages show without the rest.

    The key of a task is a pair of it and a position: the scheduler keeps something of each group.
    """
    return f"{kind}-{uuid4().hex}"
