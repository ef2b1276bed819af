"""What needs no run: `check`, `convert`, `synth`, `match`, `config`, `doctor`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweep_dask.cli.ending import program
from sweep_dask.cli.shared import (
    announcer,
    command,
    input_argument,
    json_option,
    load,
    options_of,
    settings_options,
)
from sweep_dask.cli.terminal import say, say_json, show, warn
from sweep_dask.errors import InputError
from sweep_dask.printable import printable
from sweep_dask.text_blocks import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep_dask.cli.shared import Function


@command("python -m sweep_dask check data/raw")
@input_argument
@options_of("config", "ignore", "on_bad_rows", "max_bad_fraction", "progress", "log_format")
@json_option
def check_command(inputs: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Look at INPUT before a run: format, units, prices, ids, coverage. Writes nothing.

    Small inputs are read as a whole, of large ones a sample. Each finding says what was
    expected and what to do; the exit code is 3 if the answer of a run would be wrong.
    """
    from sweep_dask.study.check import check, describe_check
    from sweep_dask.study.plan import choose_input

    settings = load(options)
    folder, is_sample = choose_input(inputs)
    announcer(as_json=as_json, is_sample=is_sample)
    checked = check(settings, folder)
    if as_json:
        say_json(checked.as_json())
    else:
        show(describe_check(checked))
    return checked.exit_code


@command("python -m sweep_dask convert broker/ raw --config broker.yaml")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.argument("out", metavar="OUT")
@options_of("config", "ignore")
@click.option("--compress", is_flag=True, help="Write .csv.gz instead of .csv.")
@json_option
def convert_command(
    inputs: tuple[str, ...], out: str, compress: bool, as_json: bool, **options: Any
) -> int:
    """Write INPUT to the new folder OUT in the raw format.

    It is read as `run` would read it, by the same configuration; besides, texts are written as
    the codes that `convert.values` has for them. Every row of INPUT is a row of OUT. OUT appears
    when all of it is written; nothing is overwritten.
    """
    settings = load(options)

    from sweep_dask.study.convert import convert, describe_converted

    converted = convert(settings, inputs, Path(out), compress=compress)
    for warning in converted.warnings:
        warn(warning)
    if as_json:
        say_json(converted.as_json())
    else:
        show(describe_converted(converted, program()))
    return 0


def _number(
    flag: str, metavar: str, default: float, text: str | None = None
) -> Callable[[Function], Function]:
    """An option that takes numbers like its default, which is shown."""
    kind = type(default)
    return click.option(
        flag, metavar=metavar, type=kind, default=default, show_default=True, help=text
    )


@command("python -m sweep_dask synth market --securities 8 --dates 2024-10-04 --events 200000")
@click.argument("out", metavar="OUT")
@_number("--securities", "N", 3)
@click.option("--dates", metavar="DATE,...", help="Trading days.  [default: 2024-10-04,2024-10-07]")
@_number("--events", "ROWS", 3_000, "Centre Point order rows per security and date.")
@_number("--lit-fraction", "F", 0.41, "Share of order rows that belong to lit orders.")
@_number("--reloaded-orders", "N", 0, "Multi-day sweeps per security, reloaded the evening before.")
@_number("--seed", "N", 0)
@click.option("--compress", is_flag=True, help="Write .csv.gz instead of .csv.")
@click.option("--file-per-date", is_flag=True, help="One file a date for orders, trades, quotes.")
@json_option
def synth_command(out: str, as_json: bool, **options: Any) -> int:
    """Write a synthetic market of any size to OUT, in the raw format.

    Equal options give equal files; memory does not grow with the size of the market.
    """
    from sweep_dask.sample.synthetic_market import write_market

    rows = write_market(Path(out), _market_parameters(**options))
    if as_json:
        say_json({"output": out, "rows": rows})
    else:
        for table, count in rows.items():
            say(f"{table:<13} {count:>12,} rows")
        say(printable(f"Written to {out}. Next: {program()} run {shlex.quote(out)}"))
    return 0


def _market_parameters(
    *, securities: int, dates: str | None, compress: bool, file_per_date: bool, **numbers: Any
) -> Any:
    from sweep_dask.sample import MarketParameters, security_ids

    chosen: dict[str, Any] = (
        {"dates": tuple(part.strip() for part in dates.split(","))} if dates else {}
    )
    return MarketParameters(
        securities=security_ids(securities),
        compression="csv.gz" if compress else "csv",
        files="per-date" if file_per_date else "one",
        **chosen,
        **numbers,
    )


@command("python -m sweep_dask config --workers 4")
@settings_options
@json_option
def config_command(as_json: bool, **options: Any) -> int:
    """Show the settings in force, each with where it came from."""
    settings = load(options)
    if as_json:
        say_json(settings.as_json())
        return 0
    show([table(settings.as_rows(), ("Setting", "Value", "Source"), indent=0, is_text=True)])
    return 0


@command("python -m sweep_dask doctor data/raw --output results")
@input_argument
@settings_options
@json_option
def doctor_command(inputs: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Say what works here and what does not, with cures.

    Each line is ok, a warning or an error. Looks at CPUs and memory, versions (on the cluster of
    --scheduler too), compiled code, time zone data, INPUT, disk, and the port of the dashboard.
    Exit code: 0, or 4 if there is an error.
    """
    from sweep_dask.study.doctor import diagnose

    found = diagnose(load(options), inputs)
    if as_json:
        say_json(found.as_json())
    else:
        show(found.described())
    return found.exit_code


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
