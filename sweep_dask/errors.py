"""Every error a user can cause or meet: what happened, where, and the cure.

One base class; the exit code of the process belongs to the class.
"""

from __future__ import annotations

from typing import ClassVar

from sweep_dask.printable import printable, printable_lines


class SweepError(Exception):
    """Base of all errors this package raises on purpose.

    Parameters
    ----------
    what
        The fact, in one sentence.
    where
        File, line, option or partition it concerns.
    value
        The offending value, if there is one.
    cure
        What the user can do about it.
    """

    #: That of an internal error, as `EX_SOFTWARE` of sysexits.h: classes for users have their own.
    exit_code: ClassVar[int] = 70
    #: What programs that read the document of an error know it by.
    kind: ClassVar[str] = "internal"

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        value: object | None = None,
        cure: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.value = value
        self.cure = cure

    def __str__(self) -> str:
        lines = [printable_lines(self.what)]
        if self.where is not None:
            lines.append(f"  where: {printable(self.where)}")
        if self.value is not None:
            lines.append(f"  value: {self.value!r}")
        if self.cure is not None:
            lines.append(f"  cure:  {printable_lines(self.cure)}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The document that `--json` prints in place of a result."""
        is_plain = isinstance(self.value, bool | int | float | str | None)
        error = {
            "kind": self.kind,
            "message": self.what,
            "where": self.where,
            "value": self.value if is_plain else str(self.value),
            "cure": self.cure,
        }
        return {"error": error, "exit_code": self.exit_code}

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions travel from workers to the client; keyword-only fields need help.
        fields = {"where": self.where, "value": self.value, "cure": self.cure}
        return (_rebuild, (type(self), self.what, fields))


def _rebuild(kind: type[SweepError], what: str, fields: dict[str, object]) -> SweepError:
    return kind(what, **fields)  # type: ignore[arg-type]


class UsageError(SweepError):
    """A command line, a setting or a configuration file that cannot be used."""

    exit_code = 2
    kind = "usage"


class InputError(SweepError):
    """Input that is missing, unreadable, has wrong columns or too many bad rows."""

    exit_code = 3
    kind = "input"


class ResourceError(SweepError):
    """A cluster that cannot be reached or work that does not fit the machine."""

    exit_code = 4
    kind = "resource"


class InterruptedRunError(SweepError):
    """A command that a signal has ended before there was a result."""

    #: 128 + SIGINT, as shells count, whatever the signal was.
    exit_code = 130
    kind = "interrupted"


class InternalError(SweepError):
    """Something that no user can cause: a defect of this package."""
