"""The command `doctor`: what works here and what does not, each with its cure."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import ResourceError, SweepError, explained
from sweep_dask.study import doctor_checks
from sweep_dask.study.doctor_checks import ERROR, WARNING, Check, Run
from sweep_dask.text_blocks import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Self

    from sweep_dask.settings import Settings
    from sweep_dask.text_blocks import Block

_DEFECT = "The check itself failed; please report it with the output of `doctor --json`."


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was looked at, in order."""

    checks: Sequence[Check]

    @property
    def exit_code(self) -> int:
        """Exit code of the process: that of a cluster or resources that do not serve, or 0."""
        has_errors = any(check.state == ERROR for check in self.checks)
        return ResourceError.exit_code if has_errors else 0

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"ok": not self.exit_code, "checks": [check._asdict() for check in self.checks]}

    def described(self) -> list[Block]:
        """For people: a line a check, and below it what to do."""
        lines: list[tuple[str, str]] = []
        for check in self.checks:
            lines.append((check.state, f"{check.about}: {check.found}"))
            if check.cure:
                lines.append(("", f"cure: {check.cure}"))
        counts = {
            state: sum(check.state == state for check in self.checks) for state in (ERROR, WARNING)
        }
        parts = [f"{count} {state}{'s' * (count > 1)}" for state, count in counts.items() if count]
        last = f"Found: {', '.join(parts)}." if parts else "Everything that was looked at works."
        return [Facts(lines, colon="", indent=0, label_width=len(WARNING)), "", last]


def diagnose(settings: Settings, inputs: Sequence[str]) -> Diagnosis:
    """Look at everything a run needs; a check that fails is told and never raises.

    Inputs are taken as a run takes them; without any, `data/raw` if that is there.
    """
    with ExitStack() as stack:
        run = Run(settings, inputs, stack)
        checks = {
            "versions": doctor_checks.versions,
            "time zones": doctor_checks.time_zones,
            "compiled code": doctor_checks.compiled_code,
            "machine": lambda: doctor_checks.machine(settings),
            # First, as the plan of the run is made for it.
            "cluster": lambda: doctor_checks.cluster(run),
            "dashboard": lambda: doctor_checks.dashboard(settings),
            "input": lambda: doctor_checks.input_files(run),
            "output folder": lambda: doctor_checks.output_folder(settings),
            "disk": lambda: doctor_checks.disk(run),
        }
        every = [one for about, check in checks.items() for one in _safely(about, check)]
    # What is odd about the machine is noticed by several of them.
    return Diagnosis(list({(one.state, one.found): one for one in reversed(every)}.values())[::-1])


def _safely(about: str, check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """What a check finds, what it warns of, and what ends it."""
    with _Warnings() as warnings:
        yield from list(_until_it_fails(about, check))
    for warning in warnings.messages:
        yield Check(about, WARNING, warning)


class _Warnings(logging.Handler):
    """Warnings that the package logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def __enter__(self) -> Self:
        package = logging.getLogger("sweep_dask")
        self._others, package.handlers = package.handlers, [self]  # who would tell them as well
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("sweep_dask").handlers = self._others

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _until_it_fails(about: str, check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except SweepError as error:
        yield _failed(about, error)
    except (OSError, MemoryError) as error:
        yield _failed(about, explained(error))
    except Exception as error:  # noqa: BLE001  what is broken on a machine may be anything
        yield Check(about, ERROR, f"{type(error).__name__}: {error}", _DEFECT)


def _failed(about: str, error: SweepError) -> Check:
    value = None if error.value is None else repr(error.value)
    aside = ": ".join(text for text in (error.where, value) if text)
    return Check(about, ERROR, f"{error.what} ({aside})" if aside else error.what, error.cure)
