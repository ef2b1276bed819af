"""Text on its way to a terminal or a log: that of files and users, and records as lines."""

from __future__ import annotations

import datetime as dt
import json
import logging
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def printable(text: str, keep: str = "") -> str:
    r"""The text with what is not to be seen written as Python escapes it: `\x1b`, `\u202e`, `\n`.

    A name or a cell could otherwise move the cursor, colour or reverse what follows, or add lines
    that look like ours. Bytes of a name that are no UTF-8 can be written anywhere afterwards.

    Parameters
    ----------
    keep
        Characters that stay as they are, such as line breaks of our own.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else repr(character)[1:-1]
        for character in text
    )


def printable_lines(text: str) -> str:
    """The same for a text of several lines: later ones are indented, none can pass for a first."""
    return printable(text, keep="\n").replace("\n", "\n  ")


def listed(names: Collection[object], most: int) -> str:
    """`a, b and 3 more`: the first so many of them, and how many others there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(str, islice(names, most))) + more


TEXT, JSON = LOG_FORMATS = ("text", "json")

#: What a record may have beside its message, in `extra`; it becomes members of the object.
FIELDS = ("stage", "outcome", "seconds", "kind", "where", "value", "cure", "exit_code")


class TextLines(logging.Formatter):
    """Every record begins a line, and none can be forged or end the run.

    Names and cells of the input are in messages: later lines of a record are indented.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line, later ones of it indented."""
        return printable_lines(super().format(record))


class JsonLines(logging.Formatter):
    """A record is an object on a line of its own, in ASCII.

    `time` (ISO 8601, UTC), `level`, `logger`, `message`, `traceback` if there is one, and those of
    `FIELDS` that the record has.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The object."""
        when = dt.datetime.fromtimestamp(record.created, dt.UTC)
        line = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: vars(record)[name] for name in FIELDS if name in vars(record)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def stage_record(stage: str, outcome: str, seconds: float) -> logging.LogRecord:
    """A record of the end of a stage."""
    fields = {"stage": stage, "outcome": outcome, "seconds": round(seconds, 3)}
    message, values = "%s: %s, %.3f s", tuple(fields.values())
    logger = logging.getLogger("sweep_dask.stages")
    return logger.makeRecord(logger.name, logging.INFO, "", 0, message, values, None, extra=fields)


def formatter_of(log_format: str) -> logging.Formatter:
    """Of one of the `LOG_FORMATS`."""
    return JsonLines() if log_format == JSON else TextLines()
