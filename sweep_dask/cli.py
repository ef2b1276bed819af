"""The command line: parse, call, print. Each command imports what it needs when it runs."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sweep_dask.dataflow.events import Events, Listener
from sweep_dask.dataflow.forkserver import start_importing
from sweep_dask.dataflow.progress import shown
from sweep_dask.ending import Program, ended, same_command
from sweep_dask.errors import InputError, UsageError
from sweep_dask.printable import printable, printable_lines
from sweep_dask.settings import OPTIONS, Settings, load_settings, selected
from sweep_dask.study import TASK_MODULES
from sweep_dask.terminal import (
    StandardError,
    is_quiet,
    open_report,
    open_standard_streams,
    remark,
    say,
    say_json,
    set_loudness,
    show,
    stop_waiting,
    wait_visibly,
    warn,
)
from sweep_dask.text_blocks import table
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sweep_dask.settings import Option


# Dask registers a command by its own name, not by that of the entry point: `dask sweep`.
@click.group(
    "sweep",
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  python -m sweep_dask run data/raw --workers 2",
)
@click.version_option(VERSION, prog_name="sweep_dask")
def main() -> None:
    """What would ASX Centre Point sweep orders have filled, had they been matched differently?"""


# --- what all commands share ------------------------------------------------------------------


def _command(example: str) -> Callable[[Callable[..., int]], click.Command]:
    """A command whose function returns the exit code; its errors become messages."""

    def decorate(function: Callable[..., int]) -> click.Command:
        @click.option("--debug", is_flag=True, help="Show the Python traceback of an error.")
        @click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
        @click.option("-v", "--verbose", is_flag=True, help="Also show what the log tells.")
        @wraps(function)
        def guarded(*, debug: bool, quiet: bool, verbose: bool, **arguments: Any) -> NoReturn:
            open_standard_streams()
            set_loudness(quiet=quiet, verbose=verbose)
            wait_visibly(name)
            sys.exit(ended(function, arguments, debug=debug))

        name = function.__name__.removesuffix("_command")
        return main.command(name, epilog=f"Example:  {example}")(guarded)

    return decorate


def _settings_options(function: Callable[..., int]) -> Callable[..., int]:
    """Every option of `Settings` that has a flag."""
    return _settings_options_but()(function)


def _settings_options_but(*names: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The same without those that mean nothing to a command."""

    return _options_of([option for option in OPTIONS if option.name not in names])


def _options_of(options: Sequence[Option]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Those of some settings that have a flag."""

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        for option in reversed(options):
            if option.flags:
                function = _click_option(option)(function)
        return function

    return decorate


def _output_options(function: Callable[..., int]) -> Callable[..., int]:
    """Which output folder is meant."""
    return _options_of([one for one in OPTIONS if one.name in ("output", "config")])(function)


def _click_option(option: Option) -> Callable[[Callable[..., int]], Callable[..., int]]:
    variables = f" [{', '.join(option.environment)}]" if option.environment else ""
    described: dict[str, Any] = {"help": option.help + variables, "default": None}
    if option.flag_value is not None:
        return click.option(
            *option.flags, option.name, is_flag=True, flag_value=option.flag_value, **described
        )
    return click.option(
        *option.flags,
        option.name,
        metavar=option.metavar,
        multiple=option.multiple,
        type=str,
        **described,
    )


_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_input_argument = click.argument("inputs", metavar="[INPUT]...", nargs=-1)


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "The current folder has been removed.", cure="Change to a folder that exists."
        ) from error


def _load(options: dict[str, Any]) -> Settings:
    given = {name: value for name, value in options.items() if value is not None}
    settings = load_settings(given, os.environ, _current_folder())
    StandardError.use(settings.log_format)
    if settings.progress is False:
        stop_waiting()
    for warning in settings.warnings:
        warn(warning)
    return settings


def _load_for_workers(options: dict[str, Any]) -> Settings:
    """The same, and what workers of this machine need is imported while this process imports."""
    settings = _load(options)
    if settings.has_own_workers:
        start_importing(*TASK_MODULES)
    return settings


# --- commands -----------------------------------------------------------------------------------


@_command("python -m sweep_dask run data/raw --output results --workers 2")
@_input_argument
@_settings_options
@click.option("--open", "opens", is_flag=True, help="Then show the report in a browser.")
@_json_option
def run_command(inputs: tuple[str, ...], opens: bool, as_json: bool, **options: Any) -> int:
    """Ingest INPUT, simulate its sweeps, compare with what really happened, and report.

    INPUT is a folder with orders/ and trades/ (and nbbo/, session/, reference/, participants/),
    a file or pattern of files (TABLE=PATH if their names do not tell their table), or an fsspec
    URL of these; several are read as one. Default: data/raw or, if there is none, the built-in
    sample market.
    """
    settings = _load_for_workers(options)
    with _beginning(settings) as progress:
        from sweep_dask.study.plan import choose_input
        from sweep_dask.study.run import run
        from sweep_dask.study.summary import describe_run

    folder, is_sample = choose_input(inputs)
    announce = _announcer(as_json=as_json, is_sample=is_sample)
    result = run(settings, folder, is_sample=is_sample, announce=announce, progress=progress)
    if as_json:
        say_json(result.manifest)
    else:
        show(describe_run(result.record, result.output, same_command()))
    if opens and result.report.exists():
        open_report(result.report)
    return result.exit_code


@contextmanager
def _beginning(settings: Settings) -> Iterator[Listener]:
    """Words and something that moves, while a command imports what it needs for some seconds.

    Yields who is to hear of its stages.
    """
    StandardError.listen()
    remark(f"sweep_dask {VERSION}: results go to {settings.output}")
    progress = Listener() if is_quiet() else shown(settings.progress, settings.log_format)
    with Events(progress) as events, events.step("load the program"):
        yield progress


def _announcer(*, as_json: bool, is_sample: bool) -> Callable[[str], None]:
    """Prints opening lines; a JSON document has standard output for itself."""

    def announce(line: str) -> None:
        (remark if as_json else say)(line)

    if is_sample:
        announce("There is no data/raw here: using the built-in sample market.")
    return announce


@_command("python -m sweep_dask replay data/raw --output results")
@_input_argument
@_settings_options_but("models", "scenarios", "replay", "fresh")
@click.option(
    "--no-ablations",
    is_flag=True,
    help="Do not replay again without each rule: much faster.",
)
@_json_option
def replay_command(
    inputs: tuple[str, ...], no_ablations: bool, as_json: bool, **options: Any
) -> int:
    """Replay the orders of INPUT through the Centre Point book; score it against the tape.

    Writes to OUTPUT/replay. If OUTPUT holds a finished run, its report shows the score from then
    on; nothing else there is touched.
    """
    settings = _load_for_workers(options)
    with _beginning(settings) as progress:
        from sweep_dask.study.plan import choose_input
        from sweep_dask.study.replay import replay
        from sweep_dask.study.replay_summary import describe_replay

    folder, is_sample = choose_input(inputs)
    result = replay(
        settings,
        folder,
        is_sample=is_sample,
        ablations=not no_ablations,
        announce=_announcer(as_json=as_json, is_sample=is_sample),
        progress=progress,
    )
    if as_json:
        say_json(result.fidelity)
    else:
        show(describe_replay(result))
    return result.exit_code


@_command("python -m sweep_dask plan data/raw --json")
@_input_argument
@_settings_options
@_json_option
def plan_command(inputs: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Show what `run` would do: files, blocks, settings and memory. Writes nothing."""
    from sweep_dask.dataflow.remote_cluster import remote_cluster
    from sweep_dask.study.plan import choose_input, make_plan
    from sweep_dask.study.summary import describe_plan, plan_as_json

    settings = _load(options)
    folder, is_sample = choose_input(inputs)
    announce = _announcer(as_json=as_json, is_sample=is_sample)
    with remote_cluster(settings, None, announce) as cluster:
        plan = make_plan(settings, folder, is_sample=is_sample, cluster=cluster)
    for warning in plan.warnings[len(settings.warnings) :]:
        warn(warning)
    if as_json:
        say_json(plan_as_json(plan))
    else:
        show(describe_plan(plan))
    return 0


@_command("python -m sweep_dask check data/raw")
@_input_argument
@_settings_options
@_json_option
def check_command(inputs: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Look at INPUT before a run: format, units, prices, ids, coverage. Writes nothing.

    Small inputs are read as a whole, of large ones a sample. Each finding says what was
    expected and what to do; the exit code is 3 if the answer of a run would be wrong.
    """
    from sweep_dask.study.check import check, describe_check
    from sweep_dask.study.plan import choose_input

    settings = _load(options)
    folder, is_sample = choose_input(inputs)
    _announcer(as_json=as_json, is_sample=is_sample)
    checked = check(settings, folder)
    if as_json:
        say_json(checked.as_json())
    else:
        show(describe_check(checked))
    return checked.exit_code


_NOT_OF_CONVERT = [o.name for o in OPTIONS if o.name not in ("config", "ignore")]


@_command("python -m sweep_dask convert broker/ raw --config broker.yaml")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.argument("out", metavar="OUT")
@_settings_options_but(*_NOT_OF_CONVERT)
@click.option("--compress", is_flag=True, help="Write .csv.gz instead of .csv.")
@_json_option
def convert_command(
    inputs: tuple[str, ...], out: str, compress: bool, as_json: bool, **options: Any
) -> int:
    """Write INPUT to the new folder OUT in the raw format.

    It is read as `run` would read it, by the same configuration; besides, texts are written as
    the codes that `convert.values` has for them. Every row of INPUT is a row of OUT. OUT appears
    when all of it is written; nothing is overwritten.
    """
    StandardError.listen()
    settings = _load(options)

    from sweep_dask.study.convert import convert, describe_converted

    converted = convert(settings, inputs, Path(out), compress=compress)
    for warning in converted.warnings:
        warn(warning)
    if as_json:
        say_json(converted.as_json())
    else:
        say(printable_lines(describe_converted(converted)))
    return 0


@_command("python -m sweep_dask config --workers 4")
@_settings_options
@_json_option
def config_command(as_json: bool, **options: Any) -> int:
    """Show the settings in force, each with where it came from."""
    settings = _load(options)
    if as_json:
        say_json(settings.as_json())
        return 0
    show([table(settings.as_rows(), ("Setting", "Value", "Source"), indent=0, is_text=True)])
    return 0


@_command("python -m sweep_dask explain 7904794000123498602 --output results")
@click.argument("order_id", metavar="ORDER_ID")
@_output_options
@click.option("--date", metavar="DATE", help="Only this trading date.  [default: all dates]")
@_json_option
def explain_command(order_id: str, date: str | None, as_json: bool, **options: Any) -> int:
    """Tell one order's story from an output folder: a sweep's, or that of any other order in it.

    Its rows, the quote it arrived on, its fills on the tape and in each scenario, what stopped the
    rest with the number of the rule, and its costs. Writes nothing.
    """
    from sweep_dask.explain.explanation import explain
    from sweep_dask.explain.order_ids import parse_order_id
    from sweep_dask.storage.layout import OutputLayout

    number = parse_order_id(order_id)
    dates, _ = selected({"dates": date, "securities": None})
    layout = OutputLayout(_load(options).output.absolute())
    explanation = explain(layout, number, dates)
    if as_json:
        say_json(explanation.to_dict())
    else:
        say(str(explanation))
    return 0


@_command("python -m sweep_dask doctor data/raw --output results")
@_input_argument
@_settings_options
@_json_option
def doctor_command(inputs: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Say what works here and what does not: each line is ok, a warning or an error with its cure.

    Looks at CPUs and memory, versions (on the cluster of --scheduler too), compiled code, time zone
    data, INPUT, disk, and the port of the dashboard. Exit code: 0, or 4 if there is an error.
    """
    from sweep_dask.study.doctor import diagnose

    found = diagnose(_load(options), inputs)
    if as_json:
        say_json(found.as_json())
    else:
        show(found.described())
    return found.exit_code


@_command("python -m sweep_dask verify results")
@click.argument("output_folder", metavar="OUTPUT")
@_json_option
def verify_command(output_folder: str, as_json: bool) -> int:
    """Check an output folder against its manifest, receipts and rows: files, digests, ledger."""
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.verify import verify_output

    manifest, findings = verify_output(OutputLayout(Path(output_folder)))
    if as_json:
        found = [{"where": finding.where, "what": finding.what} for finding in findings]
        say_json({"ok": not findings, "files": len(manifest["files"]), "findings": found})
    elif findings:
        for finding in findings:
            say(printable_lines(f"{finding.where}: {finding.what}"))
        say(f"{len(findings)} finding{'s' * (len(findings) != 1)}.")
    else:
        runs = (manifest, *manifest.get("earlier_runs", ()))
        rows = sum(entry["read"] for run in runs for entry in run["ledger"])
        say(
            f"{len(manifest['files']):,} files are present and unchanged; "
            f"all {rows:,} rows read are accounted for."
        )
    return 1 if findings else 0


@_command("python -m sweep_dask forget results --dates 2024-10-04")
@click.argument("output_folder", metavar="OUTPUT")
@click.option("--dates", metavar="DATE,...", help="Results of these trading dates.")
@click.option("--securities", metavar="ID,...", help="Results of these order book ids.")
@_json_option
def forget_command(
    output_folder: str, dates: str | None, securities: str | None, as_json: bool
) -> int:
    """Remove results of dates, of securities, or of securities on dates, from OUTPUT.

    Nothing else ever removes them. Tables and report then cover what is left; raw input is never
    touched.
    """
    from sweep_dask.dataflow.progress import counted
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.rebuild import forget

    # What is removed is named here alone, not by a configuration that happens to lie there.
    named = selected({"dates": dates, "securities": securities})
    done = forget(OutputLayout(Path(output_folder).absolute()), *named)
    if as_json:
        forgotten = [{"date": key.date, "security": key.security} for key in done.partitions]
        say_json({"forgotten": forgotten, "removed_files": done.removed_files, "left": done.left})
    else:
        say(
            f"Forgotten: {counted(len(done.partitions), 'partition')}, "
            f"{counted(done.removed_files, 'file')}. Left: {counted(done.left, 'partition')}."
        )
    return 0


@_command("python -m sweep_dask report results")
@click.argument("output_folder", metavar="OUTPUT")
@_json_option
def report_command(output_folder: str, as_json: bool) -> int:
    """Build report.html again from an output folder."""
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.rebuild import rebuild_report

    path = rebuild_report(OutputLayout(Path(output_folder)))
    if as_json:
        say_json({"report": str(path)})
    else:
        say(printable(f"Report: {path}"))
    return 0


@_command("python -m sweep_dask match case.json --check")
@click.argument("case_file", metavar="CASE.json")
@click.option("--case", "wanted", metavar="ID", help="Only this one of several cases.")
@click.option("--check", is_flag=True, help="Compare with `expected`; exit 1 on a difference.")
@_json_option
def match_command(case_file: str, wanted: str | None, check: bool, as_json: bool) -> int:
    """Run a hand-written case through the Centre Point book and explain it.

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


@_command("python -m sweep_dask synth market --securities 8 --dates 2024-10-04 --events 200000")
@click.argument("out", metavar="OUT")
@click.option("--securities", metavar="N", type=int, default=3, show_default=True)
@click.option("--dates", metavar="DATE,...", help="Trading days.  [default: 2024-10-04,2024-10-07]")
@click.option(
    "--events",
    metavar="ROWS",
    type=int,
    default=3_000,
    show_default=True,
    help="Centre Point order rows per security and date.",
)
@click.option(
    "--lit-fraction",
    metavar="F",
    type=float,
    default=0.41,
    show_default=True,
    help="Share of order rows that belong to lit orders.",
)
@click.option(
    "--reloaded-orders",
    metavar="N",
    type=int,
    default=0,
    show_default=True,
    help="Multi-day sweeps per security, reloaded the evening before.",
)
@click.option("--seed", metavar="N", type=int, default=0, show_default=True)
@click.option("--compress", is_flag=True, help="Write .csv.gz instead of .csv.")
@click.option("--file-per-date", is_flag=True, help="One file a date for orders, trades, quotes.")
@_json_option
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
        say(printable(f"Written to {out}. Next: python -m sweep_dask run {out}"))
    return 0


def _market_parameters(
    *,
    securities: int,
    dates: str | None,
    compress: bool,
    file_per_date: bool,
    **numbers: Any,
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
