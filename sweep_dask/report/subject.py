"""What a manifest says of its run: securities, dates, input, whether there is a tape, commands."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.settings import OPTIONS
from sweep_dask.terms.reasons import NO_QUOTES, NO_TAPE, NO_TRADES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sweep_dask.settings import Option

#: Securities and dates that are named; more are counted. Arbitrary, the tab of a browser is short.
_MOST_NAMED = 3


@dataclass(frozen=True)
class Subject:
    """What the numbers are of."""

    securities: Sequence[str]
    """Tickers or, where the input has none, codes; in the order of the codes."""
    dates: Sequence[str]
    """Ascending."""
    input: str
    """As it was named."""
    tickers: Mapping[int, str]
    """By code, of all that have one."""
    is_sample: bool = False
    participants: Mapping[int, str] = field(default_factory=dict)
    """Names by id, of all that have one."""

    @property
    def securities_in_words(self) -> str:
        """`BHP, CBA`, or `BHP, CBA, RIO and 17 more`."""
        return _first_few(self.securities) or "no security"

    @property
    def dates_in_words(self) -> str:
        """`2024-10-04, 2024-10-07`, or `2024-10-04 to 2024-12-20 (52 dates)`."""
        if len(self.dates) > _MOST_NAMED:
            return f"{self.dates[0]} to {self.dates[-1]} ({len(self.dates):,} dates)"
        return ", ".join(self.dates) or "no date"

    @property
    def input_in_a_word(self) -> str:
        """The last part of its path."""
        last = re.split(r"[/\\]", self.input.rstrip("/\\"))[-1] or self.input
        return "built-in sample market" if self.is_sample else last

    @property
    def title(self) -> str:
        """For the tab of a browser."""
        return f"{self.securities_in_words}, {self.dates_in_words}, {self.input_in_a_word}"

    def name(self, security: int | str) -> str:
        """`BHP (110621)`; of one without a ticker the code."""
        ticker = self.tickers.get(int(security))
        return f"{security}" if ticker is None else f"{ticker} ({security})"

    def participant(self, number: str) -> str:
        """`38 (SYN38)`; of one without a name its id, or what stands for one that is not known."""
        name = self.participants.get(int(number)) if number.isdecimal() else None
        return number if name is None else f"{number} ({name})"


def subject_of(
    manifest: Mapping[str, Any],
    partitions: Sequence[Mapping[str, Any]],
    tickers: Mapping[int, str] | None = None,
    participants: Mapping[int, str] | None = None,
) -> Subject:
    """From the partitions' dates and securities.

    `tickers` and `participants`: by code and by id (`storage.tickers`); a replay's folder has none.
    """
    tickers = tickers or {}
    securities = sorted({int(partition["security"]) for partition in partitions})
    return Subject(
        [tickers.get(security, str(security)) for security in securities],
        sorted({partition["date"] for partition in partitions}),
        str(manifest.get("input", "unknown input")),
        tickers,
        bool(manifest.get("sample")),
        participants or {},
    )


def _first_few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return f"{shown} and {wording.number(rest)} more" if rest > 0 else shown


#: What a partition has among its `gaps` if nothing in it can be compared with the tape.
_UNTAPED = {NO_TRADES, NO_TAPE}


def has_tape(manifest: Mapping[str, Any]) -> bool:
    """Whether what really filled is known of any partition.

    Without it a fill of 0 on the tape is no fact: nobody recorded what was traded.
    """
    n_untaped, n_finished = untaped_partitions(manifest)
    return kept_rows(manifest, "trades") > 0 and (n_untaped < n_finished or not n_finished)


def is_unquoted(manifest: Mapping[str, Any]) -> bool:
    """Whether none of the partitions that tables tell of has a quote."""
    covered = [entry for entry in manifest["partitions"] if entry.get("covered", True)]
    return bool(covered) and all(NO_QUOTES in entry.get("gaps", ()) for entry in covered)


def kept_rows(manifest: Mapping[str, Any], table: str) -> int:
    """Rows of a table that the runs kept of which the folder holds results."""
    runs = (manifest, *manifest.get("earlier_runs", ()))
    return sum(e["kept"] for run in runs for e in run["ledger"] if e["table"] == table)


def untaped_partitions(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Partitions without a tape, and all that finished."""
    finished = [
        entry
        for entry in manifest["partitions"]
        if entry["state"] != "failed" and entry.get("covered", True)
    ]
    # Interrupted runs and older versions say nothing of gaps.
    untaped = [entry for entry in finished if _UNTAPED & set(entry.get("gaps", ()))]
    return len(untaped), len(finished)


_PROGRAM = "sweep-dask"
#: Of a repetition: what is finished is kept.
_NOT_AGAIN = ("fresh",)
#: What leaves the book unscored, and what `replay` does not know.
_UNSCORED = ("models", "scenarios", "replay")


def commands_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Each in one line, for a shell in the folder that the run was started in.

    Settings of the environment and of a configuration file are there again; those of the
    command line are repeated.

    Returns
    -------
    dict
        `run`, `scored` (the same with everything that an answer needs), `replay`, `report` and
        `verify`; empty for a manifest that does not say where its run wrote.
    """
    output = manifest.get("settings", {}).get("output", {}).get("value")
    if output is None:
        return {}
    given = [] if manifest.get("sample") else manifest.get("given", [manifest["input"]])
    source = list(map(_place, given))
    return {
        "run": _line("run", *source, *_given(manifest, _NOT_AGAIN)),
        "scored": _line("run", *source, *_given(manifest, (*_NOT_AGAIN, *_UNSCORED))),
        "replay": _line("replay", *source, *_given(manifest, (*_NOT_AGAIN, *_UNSCORED))),
        "report": _line("report", _place(output)),
        "verify": _line("verify", _place(output)),
    }


def explain_command(manifest: Mapping[str, Any], order_id: int) -> str:
    """What tells all that became of one order."""
    return _line("explain", str(order_id), "--output", output_of(manifest))


def output_of(manifest: Mapping[str, Any]) -> str:
    """The output folder, as the run was told it."""
    return str(manifest["settings"]["output"]["value"])


def _place(path: str) -> str:
    """A folder whose name begins as that of an option is told apart from one."""
    return f"./{path}" if path.startswith("-") else path


def _line(*words: str) -> str:
    return shlex.join([_PROGRAM, *words])


def _given(manifest: Mapping[str, Any], without: Iterable[str]) -> list[str]:
    """Options of the command line, and where the results are."""
    settings = manifest["settings"]
    words = ["--output", str(settings["output"]["value"])]
    for option in OPTIONS:
        setting = settings.get(option.name, {"source": "default"})
        is_given = setting["source"] == "command line" and bool(option.flags)
        if is_given and option.name not in (*without, "output"):
            words += _words(option, setting["value"])
    return words


def _words(option: Option, value: Any) -> list[str]:
    if option.flag_value is not None:
        return [option.flags[-1]]
    if option.multiple:
        return [word for one in value for word in (option.flags[-1], str(one))]
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return [option.flags[-1], text]
