"""Where a task works, and where it leaves what is finished."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

from sweep_dask.locations import is_object
from sweep_dask.storage.no_follow import remove_tree
from sweep_dask.storage.objects import upload_folder


class TaskFolder:
    """A folder of a task alone in which results lie as in the output.

    Two copies of a task, of which one was thought dead, have two. It is in the scratch folder of
    the run; if that is in an object store, on the disk of the worker until it is left.

    Parameters
    ----------
    name
        What the task works on.
    """

    def __init__(self, scratch: Path, name: str) -> None:
        self.left_at = scratch / "staged" / f"{name}-{uuid4().hex}"
        """Where others find it."""
        is_far = is_object(scratch)
        self.root = Path(mkdtemp(prefix="sweep-dask-")) if is_far else self.left_at
        """Where the task works."""
        self.base = self.root if is_far else scratch
        """What is there as long as the run is."""

    def leave(self, last: str | None = None) -> None:
        """Let others see it, of its files one after all others: the work is done."""
        if self.root != self.left_at:
            upload_folder(self.root, self.left_at, last)
            remove_tree(self.root)

    def discard(self) -> None:
        """Remove it."""
        remove_tree(self.root)
