"""How the program ends: with an exit code and a message, never with a traceback."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sweep_dask.dataflow.forkserver import stop_importing
from sweep_dask.dataflow.interrupts import ENDING
from sweep_dask.errors import InternalError, SweepError
from sweep_dask.system_errors import explained
from sweep_dask.terminal import drop, open_standard_streams, say, say_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

logger = logging.getLogger(__name__)

#: Exit code of an interrupted process: 128 + SIGINT, as shells count, whatever the signal was.
INTERRUPTED = 130


class Program(click.Group):
    """Commands whose help, too, may be sent to a full disk."""

    def main(self, *arguments: Any, **named: Any) -> Any:
        """Parse and call, as click does; what it cannot print is told in words."""
        try:
            return super().main(*arguments, **named)
        except OSError as error:
            drop(sys.stdout)
            ours = explained(error)
            say(f"Error: {ours}", err=True)
            sys.exit(ours.exit_code)


def ended(function: Callable[..., int], arguments: dict[str, Any], *, debug: bool) -> int:
    """Call a command; its exit code, or that of its error, which has been told.

    The first signal to end is an interrupt: the run puts its folder in order. The next one ends
    the process at once; its workers notice that and end too.
    """
    open_standard_streams()
    threading.excepthook = _note_thread
    try:
        _answer_signals(_interrupt)
        code = _told(function, arguments, debug=debug)
    except KeyboardInterrupt:
        say("Interrupted.", err=True)
        # Everything is in order, and the interpreter's own end is not: an interrupt in code that
        # was made from text, as imports make it, would have it end by the signal.
        _leave()
    # Only the interpreter's own clean-up is left, which would answer with a traceback.
    _answer_signals(_end_at_once)
    return code


def _told(function: Callable[..., int], arguments: dict[str, Any], *, debug: bool) -> int:
    """The exit code of a command; an error is printed in words, and to `--json` as a document."""
    try:
        return function(**arguments)
    except Exception as error:  # noqa: BLE001  the last line of defence against tracebacks
        stop_importing()
        if debug:
            traceback.print_exc()
        ours = _as_ours(error)
        if arguments.get("as_json"):
            # If standard output is what failed, the words below are all there is.
            with suppress(SweepError):
                say_json(ours.as_json())
        say(f"Error: {ours}", err=True)
        return ours.exit_code


def _as_ours(error: Exception) -> SweepError:
    if isinstance(error, SweepError):
        return error
    if isinstance(error, OSError | MemoryError):
        return explained(error)
    if isinstance(error, ImportError) and "failed to map segment" in str(error):
        return explained(MemoryError(str(error)))  # so the loader of libraries says it
    return InternalError(
        f"{type(error).__name__}: {error}",
        cure="This is a defect of sweep_dask; please report it with the output of --debug.",
    )


def _answer_signals(answer: Callable[[int, FrameType | None], NoReturn]) -> None:
    """Let `answer` have the signals to end, but for those that are ignored (`nohup`)."""
    if threading.current_thread() is not threading.main_thread():
        return  # of a program that calls us, and has its own
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, answer)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    """Ask to end: as Ctrl-C does, and only once."""
    _answer_signals(_end_at_once)
    raise KeyboardInterrupt


def _end_at_once(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    """End without any clean-up: the next run in the folder clears what is left."""
    with suppress(OSError):
        os.write(2, b"Interrupted.\n")
    _leave()


def _leave() -> NoReturn:
    """End without what Python does at the end, but for what it would remove."""
    stop_importing()
    with suppress(OSError):
        Path(get_temp_dir()).rmdir()
    os._exit(INTERRUPTED)


def _note_thread(failure: threading.ExceptHookArgs) -> None:
    """Let a failure of a library's thread, mostly while everything ends, go to the log alone."""
    name = failure.thread.name if failure.thread else "that has ended"
    logger.info("thread %s failed", name, exc_info=failure.exc_value)
