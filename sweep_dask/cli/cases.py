"""Cases written by hand, for the Centre Point book alone: `match`."""

from __future__ import annotations

from pathlib import Path

import click

from sweep_dask.cli.shared import command, json_option
from sweep_dask.cli.terminal import say, say_json, warn
from sweep_dask.errors import InputError


@command("python -m sweep_dask match case.json --check")
@click.argument("case_file", metavar="CASE.json")
@click.option("--case", "wanted", metavar="ID", help="Only this one of several cases.")
@click.option("--check", is_flag=True, help="Compare with `expected`; exit 1 on a difference.")
@json_option
def match_command(case_file: str, wanted: str | None, check: bool, as_json: bool) -> int:
    """Run a hand-written case through the book and explain it.

    CASE.json holds one case, or {"cases": [...]}: quotes, orders that rest, events, lit levels.
    Prints each trade with the rule behind it, and what is left and why.
    """
    from sweep_dask.worked_cases import match

    document = _read_text(case_file)
    matched = match.match_cases(document, case_file, wanted)
    for case in matched:
        if case.already_trading:
            trading = f"orders at rest could trade before any event: {case.already_trading}"
            warn(f"case {case.result['id']}: {trading}")
    if as_json:
        is_list = wanted is None and match.holds_several(document)
        say_json(match.as_json(matched, checks=check, is_list=is_list))
    else:
        say(match.told(matched, checks=check))
    return 1 if check and any(case.differences for case in matched) else 0


#: Most bytes of a file of cases: thousands of them, written by hand.
_MOST_CASE_BYTES = 1 << 20


def _read_text(path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_MOST_CASE_BYTES + 1)
        if len(content) <= _MOST_CASE_BYTES:
            return content.decode("utf-8-sig")
        reason = f"it has more than {_MOST_CASE_BYTES:,} bytes"
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    raise InputError(f"{path} cannot be read: {reason}.", where=path, cure="give a JSON file")
