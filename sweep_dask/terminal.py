"""The one way to the terminal: nothing raw of files and users, and no trouble if it is gone."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import sys
from typing import IO

import click

from sweep_dask.errors import ResourceError
from sweep_dask.printable import printable, printable_lines

#: Who read our words has gone: a closed pipe, a closed terminal.
_READER_GONE = {errno.EPIPE, errno.EIO, errno.ENXIO}


def open_standard_streams() -> None:
    """Point those that are closed nowhere, so that no file of the run gets their numbers.

    Characters that the terminal's encoding lacks are written as escapes from then on.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number, which is this one
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(number, "r+", encoding="utf-8", closefd=False))
        elif number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str, *, err: bool = False) -> None:
    """Print lines of ours; a reader that has gone, such as `head`, does not end the run.

    Raises
    ------
    ResourceError
        Standard output cannot be written for another reason, such as a full disk.
    """
    _write(printable(text, keep="\n"), err=err)


def say_json(document: object) -> None:
    """Print the one JSON document of a command; it is ASCII, with everything else escaped."""
    _write(json.dumps(document, indent=1).replace("\x7f", "\\u007f"), err=False)


def warn(message: str) -> None:
    """Print a warning."""
    say(f"Warning: {printable_lines(message)}", err=True)


def _write(text: str, *, err: bool) -> None:
    try:
        click.echo(text, err=err)
    except OSError as error:
        # What is still in the buffer would fail again when the interpreter ends.
        drop(sys.stderr if err else sys.stdout)
        if not err and error.errno not in _READER_GONE:
            raise ResourceError(
                "Standard output cannot be written.",
                value=error.strerror,
                cure="Make room where it goes, or send it elsewhere.",
            ) from error


def drop(stream: IO[str]) -> None:
    """Send what a stream still holds, and what is to come, nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class StandardError(logging.Handler):
    """Log records as lines that do not disturb a progress bar."""

    @classmethod
    def listen(cls) -> None:
        """Show the package's warnings from now on; once, whatever the number of commands."""
        package = logging.getLogger("sweep_dask")
        if not any(isinstance(handler, cls) for handler in package.handlers):
            package.addHandler(cls(logging.WARNING))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; if standard error is gone there is nobody to tell."""
        from tqdm import tqdm

        line = f"{record.levelname.capitalize()}: {printable_lines(record.getMessage())}"
        try:
            tqdm.write(line, file=sys.stderr)
        except OSError:
            drop(sys.stderr)
