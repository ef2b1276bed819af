"""What processes that start meanwhile inherit: signals to end that wait, and variables.

Signals also wait while a partition is put in place.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Ctrl-C, what a supervisor sends, and what is left of a terminal that was closed.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process; at the end they are what they were.

    What is so already is left to who made it so, such as another thread that does the same.
    """
    before = {name: old for name in wanted if (old := os.environ.get(name)) != wanted[name]}
    os.environ |= {name: wanted[name] for name in before}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C, a closed terminal and SIGTERM back; they are answered at the end.

    A terminal sends the first two to every process of the run. They are for this one to answer:
    what starts meanwhile inherits the mask and never hears of them. SIGTERM, by which workers are
    told to end, is only kept for later.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        _start_tracker()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with signals_wait([signal.SIGTERM]):
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_tracker() -> None:
    """Start what multiprocessing starts beside the first process, for it would lift the mask.

    If this process is ended at once, it removes the semaphores that are left, without a word.
    """
    # Every command knows these signals, and few start processes.
    from multiprocessing import resource_tracker

    quiet = "ignore:resource_tracker"
    given = os.environ.get("PYTHONWARNINGS", "")
    filters = [name for name in given.split(",") if name not in ("", quiet)]
    with environment({"PYTHONWARNINGS": ",".join([*filters, quiet])}):
        resource_tracker.ensure_running()


@contextmanager
def signals_wait(numbers: Iterable[int] = ENDING) -> Iterator[None]:
    """Hold signals back; they are answered at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are answered in the main thread, which is elsewhere
        return
    kept: list[int] = []
    # Known before any is changed: one of them may come while others are.
    answers = {number: signal.getsignal(number) for number in numbers}
    try:
        for number in answers:
            signal.signal(number, lambda number, _: kept.append(number))
        yield
    finally:
        for number, answer in answers.items():
            signal.signal(number, answer)
        for number in kept[:1]:
            signal.raise_signal(number)
