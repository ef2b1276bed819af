"""A file system of its own that can really be filled, and emptied again."""

import errno
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

_PIECE_BYTES = 1 << 20


class SmallDisk:
    """A mounted file system; `folder` is where it begins."""

    def __init__(self, folder):
        self.folder = folder

    def fill(self):
        """Use up every byte that is left."""
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            piece = b"\0" * _PIECE_BYTES
            while piece:
                try:
                    filler.write(piece)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    piece = piece[: len(piece) // 2]

    def make_room(self):
        """Give back what `fill` took."""
        (self.folder / "filler").unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, size="64m"):
    """Mount a disk in memory on `folder`; skips the test where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk that can be filled needs the right to mount one")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
