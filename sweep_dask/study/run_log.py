"""The log file of a run: every record begins a line, and none can be forged or end the run."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep_dask.printable import printable_lines

if TYPE_CHECKING:
    from pathlib import Path


class RunLog(logging.FileHandler):
    """Writes records to a file until that fails, as on a full disk; then it is silent."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8")
        self.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Say nothing: the standard library prints a traceback here."""

    def close(self) -> None:
        """Close the file; what is still in its buffer may be lost."""
        with suppress(OSError):
            super().close()


class _Lines(logging.Formatter):
    """Names and cells of the input are in messages: later lines of a record are indented."""

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))
