"""The output folder while a command works in it: held by one, with a scratch folder of its own.

Both may be in an object store. Tasks write below the scratch folder alone; `ResultFolder` moves
what is finished into place. The name of the scratch folder is the run's own, so that a task that
outlives its run, on a worker nobody could end, finds it gone and changes nothing.
"""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sweep_dask.locations import is_object
from sweep_dask.storage.atomic import (
    bytes_digest,
    is_temporary,
    make_folders,
    remove_if_empty,
    write_bytes,
)
from sweep_dask.storage.earlier import Earlier, read_earlier
from sweep_dask.storage.folder_lock import FolderLock, lock_folder, not_writable
from sweep_dask.storage.layout import EARLIER_REJECTS, RESULT_FOLDERS, OutputLayout
from sweep_dask.storage.manifest import RUNNING, write_manifest
from sweep_dask.storage.no_follow import in_the_way, is_there, remove_tree
from sweep_dask.storage.result_folder import ResultFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


#: Folder in the scratch folder for results of all partitions together.
_WHOLE = "whole"
#: A file in the scratch folder that tells it from a folder of somebody else with such a name.
_OURS = ".sweep_dask"

_SCRATCH = ".scratch-"
_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass
class Workspace:
    """An output folder that a command works in."""

    layout: OutputLayout
    scratch: Path
    """Spill files and results that are not in place yet; gone afterwards."""
    here: Path
    """The scratch folder, or one of this machine: logs, and folders of workers of this machine."""
    folder: ResultFolder
    earlier: Earlier
    """What the folder held before."""
    token: str
    """The run's own, 32 hexadecimal digits."""
    cleared: int
    """How many temporary files and folders of killed runs were removed."""
    announced: tuple[str, ...] = ()
    """Where the manifest says that results may be put."""

    @property
    def staging(self) -> OutputLayout:
        """Where results of all partitions together wait until they are put in place."""
        return OutputLayout(self.scratch / _WHOLE)

    @property
    def logs(self) -> OutputLayout:
        """Where logs are written."""
        return OutputLayout(self.here / _WHOLE)

    def announce_beside(self, placing: Iterable[str], new: Mapping[str, Any]) -> None:
        """Announce where a run may put results while what the folder holds is as it was.

        `new` is the manifest of a folder without an earlier one.
        """
        before = self.earlier.document
        document = new if before is None else {**before, "status_before": before["status"]}
        self.announce(document, placing)

    def announce(self, document: Mapping[str, Any], placing: Iterable[str]) -> None:
        """Say in the manifest where a run at work may put results; UsageError: others are there."""
        self.announced = tuple(sorted(placing))
        self.folder.require_free(self.announced)
        # What is about to go is ours until it is gone.
        going = self.earlier.names - document["files"].keys()
        placing = sorted({*self.announced, *going})
        self.write_manifest({**document, "status": RUNNING, "placing": placing})

    def write_manifest(self, document: Mapping[str, Any]) -> None:
        """Put a manifest in place."""
        self.folder.require_held()
        write_manifest(self.layout, document)

    def withdraw_announcement(self) -> None:
        """Put the manifest of before in place again: for runs that changed nothing else."""
        if self.earlier.document is not None:
            self.write_manifest(self.earlier.document)
        else:
            self.folder.require_held()
            self.layout.manifest.unlink(missing_ok=True)


@contextmanager
def workspace(layout: OutputLayout, beside: Path | None = None) -> Iterator[Workspace]:
    """The output folder, held, with an empty scratch folder.

    Afterwards the scratch folder is gone, and so is an output folder that was made for this run
    and stayed empty.

    Parameters
    ----------
    beside
        Folder in which the scratch folder is made; None: in the output folder.

    Raises
    ------
    UsageError
        The folder cannot be written, another run works in it, or it holds files of others where
        results go.
    """
    if layout.is_of_replay and layout.root.is_symlink():
        raise in_the_way(layout.root)
    is_new = not is_there(layout.root)
    _make(layout.root)
    try:
        with lock_folder(layout.root) as lock:
            folder, earlier = open_folder(layout, lock)
            around, prefix = _place_of_scratch(layout, beside)
            if around != layout.root:
                _make(around, "scratch")
            cleared = sum(_clear(*one) for one in {(layout.root, _SCRATCH), (around, prefix)})
            scratch = around / f"{prefix}{lock.token}"
            here = Path(mkdtemp(prefix="sweep-dask-")) if is_object(scratch) else scratch
            make_folders(around, scratch)
            write_bytes(scratch / _OURS, b"")
            (here / _WHOLE).mkdir(parents=True)
            try:
                yield Workspace(layout, scratch, here, folder, earlier, lock.token, cleared)
            finally:
                _remove_scratch(scratch)
                remove_tree(here)
    finally:
        if is_new:
            remove_if_empty(layout.root)


def _place_of_scratch(layout: OutputLayout, beside: Path | None) -> tuple[Path, str]:
    """Where scratch folders for an output folder are made, and what their names begin with."""
    if beside is None:
        return layout.root, _SCRATCH
    # Folders of other machines may be called the same.
    host = "" if is_object(layout.root) else socket.gethostname()
    of_output = bytes_digest(f"{host} {layout.root}".encode()).removeprefix("sha256:")
    return beside.absolute(), f"{_SCRATCH}{of_output[:8]}-"


def open_folder(layout: OutputLayout, lock: FolderLock) -> tuple[ResultFolder, Earlier]:
    """A folder that is held, and what is in it; a UsageError for links and others' files."""
    dates = (path for name in ("processed", "outputs") for path in (layout.root / name).glob("*"))
    for path in (*(layout.root / name for name in RESULT_FOLDERS), *dates):
        if path.is_symlink():
            raise in_the_way(path)
    earlier = read_earlier(layout)
    folder = ResultFolder(layout, earlier.names, lock.require_held)
    folders = {EARLIER_REJECTS, *(str(PurePosixPath(name).parent) for name in earlier.names)}
    # Where a file of ours stands in the place of a folder, it makes way.
    folder.require_plain(folders - earlier.names)
    return folder, earlier


def _make(folder: Path, name: str = "output") -> None:
    """A folder; in an object store, where there are none, it is shown that objects can be made."""
    if is_object(folder):
        require_writable(folder, name)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(folder, error, name) from error


def require_writable(folder: Path, name: str = "output") -> None:
    """Refuse, by a UsageError, a place of a store in which the option `name` can make no object."""
    try:
        probe = folder / f".{uuid4().hex}.tmp"
        write_bytes(probe, b"")
        probe.unlink()
    except OSError as error:
        raise not_writable(folder, error, name) from error


def _remove_scratch(scratch: Path) -> None:
    """Remove a scratch folder; the file that says whose it is goes last."""
    if not is_object(scratch):
        with suppress(OSError):
            for path in scratch.iterdir():
                if path.is_dir() and not path.is_symlink():
                    remove_tree(path)
                elif path.name != _OURS:
                    path.unlink(missing_ok=True)
    remove_tree(scratch)


def _clear(root: Path, prefix: str) -> int:
    """Remove what a killed run left half-written, known by the random part of its name; how many.

    `prefix` is of the names of scratch folders for the output folder that is held; in another
    folder nothing else is known to be of a killed run.
    """
    cleared = 0
    for path in root.iterdir() if root.is_dir() else ():
        if path.is_symlink():
            continue
        of_run = path.name.startswith(prefix) and _TOKEN.fullmatch(path.name.removeprefix(prefix))
        if of_run and path.is_dir():
            if is_there(path / _OURS):
                _remove_scratch(path)
                cleared += 1
        elif prefix == _SCRATCH and is_temporary(path.name) and path.is_file():
            path.unlink(missing_ok=True)
            cleared += 1
    return cleared
