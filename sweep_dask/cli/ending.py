"""How the program ends: with an exit code and a message, never with a traceback."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
import threading
import traceback
from contextlib import ExitStack, suppress
from multiprocessing.util import get_temp_dir
from shutil import rmtree
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sweep_dask.cli.terminal import complain, drop, not_written, remark, say_json
from sweep_dask.dataflow.forkserver import stop_importing
from sweep_dask.dataflow.interrupts import ENDING
from sweep_dask.errors import InternalError, InterruptedRunError, SweepError, UsageError, explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

logger = logging.getLogger(__name__)

#: Modules of functions by which compiled code makes its results, and which the compiler calls. An
#: error in the first crashes the process, one in the others is lost.
_CALLED_BY_COMPILED = ("numba.core.serialize", "namedtuple_", "llvmlite.binding.executionengine")
#: Arbitrary: they take microseconds.
_AGAIN_SECONDS = 0.01

#: What the context of a command has as its object if a program has called it and goes on.
_WITHIN = object()
#: In the context of a command: whether its answer is to be a JSON document, and its words.
_IS_JSON = f"{__name__}.is_json"
_WORDS = f"{__name__}.words"


class Program(click.Group):
    """Commands whose help, too, may be sent to a full disk, and whose usage errors, too, are JSON.

    As a command of `dask` it is called by its parent, which does not come to `main`.
    """

    def main(self, args: Sequence[str] | None = None, *more: Any, **named: Any) -> Any:
        """Parse and call, as click does; what it cannot print is told in words.

        Parameters
        ----------
        args
            Of a program that goes on afterwards; None: those of the process, which ends.
        """
        try:
            return super().main(args, *more, obj=None if args is None else _WITHIN, **named)
        except OSError as error:
            drop(sys.stdout)
            # What click itself writes is all that is written before a command is at work.
            ours = not_written(error) if error.filename is None else explained(error, keeps=False)
            complain(ours)
            sys.exit(ours.exit_code)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **named: Any) -> Any:
        """As click does: of the program, not of a command in it."""
        words, is_json = list(args), "--json" in args  # before click takes them
        try:
            context = super().make_context(info_name, args, *more, **named)
        except click.UsageError as error:
            if is_json:
                _say_document(_misused(error, str(info_name)))
            raise
        context.meta[_IS_JSON] = is_json
        context.meta[_WORDS] = [*context.command_path.split(), *words]
        return context

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the arguments of a command and call it."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if ctx.meta[_IS_JSON]:
                _say_document(_misused(error, ctx.command_path))
            raise


def program() -> str:
    """What was typed to call it: `sweep-dask`, `python -m sweep_dask`, `dask sweep`.

    For a program that calls it, where nobody has typed anything, what works wherever that does.
    """
    context = click.get_current_context()
    is_typed = context.find_root().obj is not _WITHIN
    return context.command_path.rpartition(" ")[0] if is_typed else "python -m sweep_dask"


def same_command() -> str:
    """The command that is at work, as a shell reads it, so that it keeps what is finished."""
    words = click.get_current_context().meta[_WORDS]
    return shlex.join(word for word in words if word != "--fresh")


def _misused(error: click.UsageError, called: str) -> UsageError:
    """What click has found on the command line; not always does it say of which command."""
    where = error.ctx.command_path if error.ctx else called
    cure = f"{where} --help shows what is accepted."
    return UsageError(error.format_message(), where=where, cure=cure)


def _say_document(error: SweepError) -> None:
    """Print the one document of a command that has no result."""
    # If it is standard output that failed, words on standard error are all there is.
    with suppress(SweepError):
        say_json(error.as_json())


def ended(function: Callable[..., int], arguments: dict[str, Any], *, debug: bool) -> int:
    """Call a command; its exit code, or that of its error, which has been told.

    The first signal to end is an interrupt: the run puts its folder in order. The next one ends
    the process at once; its workers notice that and end too.
    """
    with ExitStack() as of_caller:
        goes_on = click.get_current_context().find_root().obj is _WITHIN
        if goes_on:
            of_caller.callback(
                _restore, threading.excepthook, {n: signal.getsignal(n) for n in ENDING}
            )
        threading.excepthook = _note_thread
        try:
            _answer_signals(_interrupt)
            code = _reported(function, arguments, debug=debug)
        except KeyboardInterrupt:
            _tell_interrupt(is_json=arguments.get("as_json", False))
            if not goes_on:
                # Everything is in order, and the interpreter's own end is not: an interrupt in code
                # that was made from text, as imports make it, would have it end by the signal.
                _leave()
            return InterruptedRunError.exit_code
        # Only the interpreter's own clean-up is left, which would answer with a traceback.
        _answer_signals(_end_at_once)
        return code


def _tell_interrupt(*, is_json: bool) -> None:
    if is_json:
        _say_document(InterruptedRunError("Interrupted."))
    remark(f"Interrupted. To {'go on' if _keeps() else 'start again'}: {same_command()}")


def _keeps() -> bool:
    """Whether the command at work keeps what is finished for the next one."""
    return click.get_current_context().info_name == "run"


def _reported(function: Callable[..., int], arguments: dict[str, Any], *, debug: bool) -> int:
    """The exit code of a command; an error is printed in words, for `--json` as a document too."""
    try:
        return function(**arguments)
    except Exception as error:  # noqa: BLE001  the last line of defence against tracebacks
        stop_importing()
        if debug:
            traceback.print_exc()
        ours = _as_ours(error)
        if arguments.get("as_json"):
            _say_document(ours)
        complain(ours)
        return ours.exit_code


def _as_ours(error: Exception) -> SweepError:
    if isinstance(error, SweepError):
        return error
    if isinstance(error, OSError | MemoryError):
        return explained(error, keeps=_keeps())
    if isinstance(error, ImportError) and "failed to map segment" in str(error):
        # So the loader of libraries says it.
        return explained(MemoryError(str(error)), keeps=_keeps())
    return InternalError(
        f"{type(error).__name__}: {error}",
        cure="This is a defect of sweep_dask; please report it with the output of --debug.",
    )


def _answer_signals(answer: Callable[[int, FrameType | None], None]) -> None:
    """Let `answer` have the signals to end, but for those that are ignored (`nohup`)."""
    if threading.current_thread() is not threading.main_thread():
        return  # of a program that calls us, and has its own
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, answer)


def _restore(excepthook: Callable[..., Any], handlers: dict[int, Any]) -> None:
    """Give a program that has called us its own answers back."""
    threading.excepthook = excepthook
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ask to end: as Ctrl-C does, and only once."""
    if frame is not None and frame.f_globals.get("__name__", "").startswith(_CALLED_BY_COMPILED):
        # Once more when it has come back.
        here = threading.get_ident()
        threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, (here, number)).start()
        return
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
    # The socket of the process that imports may still be in it.
    rmtree(get_temp_dir(), ignore_errors=True)
    os._exit(InterruptedRunError.exit_code)


def _note_thread(failure: threading.ExceptHookArgs) -> None:
    """Let a failure of a library's thread, mostly while everything ends, go to the log alone."""
    name = failure.thread.name if failure.thread else "that has ended"
    logger.info("thread %s failed", name, exc_info=failure.exc_value)
