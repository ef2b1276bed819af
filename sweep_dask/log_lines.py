"""Log records as lines: for people, or one JSON object each."""

from __future__ import annotations

import datetime as dt
import json
import logging

from sweep_dask.printable import printable_lines

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
