"""The one way to the terminal: nothing raw of files and users, and no trouble if it is gone."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import sys
import webbrowser
from typing import IO, TYPE_CHECKING, cast

import click

from sweep_dask.dataflow.listeners import STEP, Pace
from sweep_dask.dataflow.progress import Progress
from sweep_dask.errors import ResourceError
from sweep_dask.locations import is_object
from sweep_dask.printable import FIELDS, JSON, JsonLines, printable, printable_lines
from sweep_dask.text_blocks import as_text, has_colour, indented, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sweep_dask.errors import SweepError
    from sweep_dask.text_blocks import Block

#: Who read our words has gone: a closed pipe, a closed terminal.
_READER_GONE = {errno.EPIPE, errno.EIO, errno.ENXIO}

#: In the context of a command.
_LEVEL = f"{__name__}.level"
_WAITING = f"{__name__}.waiting"

_COLOURS = {"Error:": "red", "Warning:": "yellow"}

#: Who has set one of them sees windows, or says what else shows a page.
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


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


def set_loudness(*, quiet: bool, verbose: bool) -> None:
    """How much the command that click has called says: errors alone, or also what the log tells."""
    context = click.get_current_context()
    context.meta[_LEVEL] = logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING
    StandardError.listen()


def loudness() -> int:
    """The level from which log records are shown, as `logging` counts."""
    context = click.get_current_context(silent=True)
    return int(context.meta.get(_LEVEL, logging.WARNING)) if context else logging.WARNING


def is_quiet() -> bool:
    """Whether nothing is to be said but errors."""
    return loudness() > logging.WARNING


def wait_visibly(what: str) -> None:
    """Let something move at a terminal until the command says its first words, or ends."""
    if not is_quiet():
        context, waiting = click.get_current_context(), Progress()
        context.meta[_WAITING] = waiting
        context.call_on_close(waiting.on_end)
        waiting.on_stage_start(what, Pace(1, STEP, 1))


def stop_waiting() -> None:
    """Take that away."""
    context = click.get_current_context(silent=True)
    waiting = context and context.meta.pop(_WAITING, None)
    if waiting:
        waiting.on_end()


def say(text: str) -> None:
    """Print lines of ours; a reader that has gone, such as `head`, does not end the run.

    Raises
    ------
    ResourceError
        Standard output cannot be written for another reason, such as a full disk.
    """
    if not is_quiet():
        _write(printable(text, keep="\n"), err=False)


def show(blocks: Iterable[Block]) -> None:
    """Print blocks of text at the width of the terminal, perhaps coloured; errors as of `say`."""
    stream = sys.stdout
    if not is_quiet():
        _write(as_text(blocks, width_of(stream), has_colour=has_colour(stream)), err=False)


def say_json(document: object) -> None:
    """Print the one JSON document of a command; it is ASCII, with everything else escaped."""
    _write(json.dumps(document, indent=1).replace("\x7f", "\\u007f"), err=False)


def remark(text: str) -> None:
    """Print a line beside the result, on standard error."""
    if not is_quiet():
        if StandardError.is_json:
            tell(logging.INFO, text, text)
        else:
            _write(printable(text, keep="\n"), err=True)


def warn(message: str) -> None:
    """Print a warning."""
    if not is_quiet():
        tell(logging.WARNING, printable_lines(message), message)


def complain(error: SweepError) -> None:
    """Print an error, however quiet all else is."""
    members = cast("dict[str, object]", error.as_json()["error"])
    fields = {name: value for name, value in members.items() if name in FIELDS}
    text = printable(str(error), keep="\n")
    tell(logging.ERROR, text, error.what, **fields, exit_code=error.exit_code)


def tell(level: int, text: str, message: str, **fields: object) -> None:
    """Print the level and `text` to standard error; or an object of `message` and these fields."""
    name = logging.getLevelName(level)
    if StandardError.is_json:
        named = {"name": "sweep_dask", "levelname": name, "msg": message}
        _write(JsonLines().format(logging.makeLogRecord(named | fields)), err=True)
    else:
        _labelled(f"{name.capitalize()}:", text)


def _labelled(label: str, text: str) -> None:
    stream, shown = sys.stderr, f"{label} {text}"
    if stream.isatty():
        shown = as_text(indented(shown.split("\n")), width_of(stream))
    if has_colour(stream):
        shown = shown.replace(label, click.style(label, fg=_COLOURS.get(label), bold=True), 1)
    _write(shown, err=True)


def open_report(report: Path) -> None:
    """Show it in a browser; where there is none, say where it is."""
    if is_object(report):
        remark(f"It is in an object store, and can be fetched: {report}")
        return
    has_display = sys.platform == "darwin" or any(map(os.environ.get, _DISPLAYS))
    if not (has_display and webbrowser.open(report.absolute().as_uri())):
        remark(f"There is no browser to show it in: {report.absolute()}")


def _write(text: str, *, err: bool) -> None:
    stop_waiting()
    try:
        click.echo(text, err=err)
    except OSError as error:
        # What is still in the buffer would fail again when the interpreter ends.
        drop(sys.stderr if err else sys.stdout)
        if not err and error.errno not in _READER_GONE:
            raise not_written(error) from error


def not_written(error: OSError) -> ResourceError:
    """Standard output cannot be written."""
    return ResourceError(
        "Standard output cannot be written.",
        value=error.strerror,
        cure="Make room where it goes, or send it elsewhere.",
    )


def drop(stream: IO[str]) -> None:
    """Send what a stream still holds, and what is to come, nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class StandardError(logging.Handler):
    """Log records as lines."""

    is_json = False
    """Whether a line is a JSON object; then all lines of the log are written."""

    @classmethod
    def listen(cls) -> None:
        """Show the package's warnings, or what the command is to show, until it has ended."""
        package, handler = logging.getLogger("sweep_dask"), cls()
        level_before = package.level
        package.addHandler(handler)
        handler._choose_level()

        def stop() -> None:
            package.removeHandler(handler)
            package.setLevel(level_before)

        click.get_current_context().call_on_close(stop)

    @classmethod
    def use(cls, log_format: str) -> None:
        """Write in this format until the command has ended, one of `LOG_FORMATS`."""
        cls.is_json = log_format == JSON
        click.get_current_context().call_on_close(lambda: setattr(cls, "is_json", False))
        for handler in logging.getLogger("sweep_dask").handlers:
            if isinstance(handler, cls):
                handler._choose_level()

    def _choose_level(self) -> None:
        level = logging.INFO if self.is_json and not is_quiet() else loudness()
        self.setLevel(level)
        if level < logging.WARNING:
            logging.getLogger("sweep_dask").setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; if standard error is gone there is nobody to tell."""
        if self.is_json:
            _write(JsonLines().format(record), err=True)
        else:
            name = record.levelname.capitalize()
            _labelled(f"{name}:", printable_lines(record.getMessage()))
