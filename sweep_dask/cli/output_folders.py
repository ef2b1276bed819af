"""What is done with an output folder: `report`, `explain`, `verify`, `forget`."""

from __future__ import annotations

from typing import Any

import click

from sweep_dask.cli.shared import command, json_option, load, options_of
from sweep_dask.cli.terminal import say, say_json, warn
from sweep_dask.errors import UsageError
from sweep_dask.locations import lasting, location_of
from sweep_dask.printable import printable, printable_lines
from sweep_dask.settings import selected
from sweep_dask.settings.values import parse_date


@command("python -m sweep_dask report results")
@click.argument("output_folder", metavar="OUTPUT")
@json_option
def report_command(output_folder: str, as_json: bool) -> int:
    """Build report.html again from an output folder."""
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.rebuild import rebuild_report

    path = rebuild_report(OutputLayout(lasting(location_of(output_folder))))
    if as_json:
        say_json({"report": str(path)})
    else:
        say(printable(f"Report: {path}"))
    return 0


@command("python -m sweep_dask explain 7904794000123498602 --output results")
@click.argument("order_id", metavar="ORDER_ID")
@options_of("output", "config")
@click.option("--date", metavar="DATE", help="Only this trading date.  [default: all dates]")
@json_option
def explain_command(order_id: str, date: str | None, as_json: bool, **options: Any) -> int:
    """Tell a sweep's story from an output folder, or another order's.

    Its rows, the quote it arrived on, its fills on the tape and in each scenario, what stopped the
    rest with the number of the rule, and its costs. Writes nothing.
    """
    from sweep_dask.explain.explanation import explain
    from sweep_dask.explain.unknown import parse_order_id
    from sweep_dask.storage.layout import OutputLayout

    number = parse_order_id(order_id)
    dates = () if date is None else (_one_date(date),)
    layout = OutputLayout(load(options).output.absolute())
    explanation = explain(layout, number, dates)
    if as_json:
        say_json(explanation.to_dict())
    else:
        say(str(explanation))
    return 0


def _one_date(text: str) -> str:
    try:
        return parse_date(text)
    except ValueError as error:
        raise UsageError(
            f"--date cannot be {text!r}.",
            where="command line",
            value=text,
            cure="accepted: one date, such as 2024-09-05",
        ) from error


@command("python -m sweep_dask verify results")
@click.argument("output_folder", metavar="OUTPUT")
@json_option
def verify_command(output_folder: str, as_json: bool) -> int:
    """Check an output folder: files, digests, ledger, tables, report.

    Everything is compared with its manifest and receipts, and what can be is made again.
    """
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.verify import verify_output

    manifest, findings = verify_output(OutputLayout(lasting(location_of(output_folder))))
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


@command("python -m sweep_dask forget results --dates 2024-10-04")
@click.argument("output_folder", metavar="OUTPUT")
@click.option("--dates", metavar="DATE,...", help="Results of these trading dates.")
@click.option("--securities", metavar="ID,...", help="Of these order book ids or tickers.")
@json_option
def forget_command(
    output_folder: str, dates: str | None, securities: str | None, as_json: bool
) -> int:
    """Remove results of dates, securities or both from OUTPUT.

    Nothing else ever removes them. Tables and report then cover what is left; raw input is never
    touched.
    """
    from sweep_dask.dataflow.progress import counted
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.rebuild import forget

    # What is removed is named here alone, not by a configuration that happens to lie there.
    named = selected({"dates": dates, "securities": securities})
    done = forget(OutputLayout(lasting(location_of(output_folder)).absolute()), *named)
    for line in done.absent:
        warn(line)
    if as_json:
        forgotten = [{"date": key.date, "security": key.security} for key in done.partitions]
        say_json(
            {
                "forgotten": forgotten,
                "removed_files": done.removed_files,
                "left": done.left,
                "warnings": list(done.absent),
            }
        )
    else:
        say(
            f"Forgotten: {counted(len(done.partitions), 'partition')}, "
            f"{counted(done.removed_files, 'file')}. Left: {counted(done.left, 'partition')}."
        )
    return 0
