"""The command line: parse, call, print. Each command imports what it needs when it runs."""

import click

from sweep_dask.cli.ending import Program
from sweep_dask.cli.output_folders import (
    explain_command,
    forget_command,
    report_command,
    verify_command,
)
from sweep_dask.cli.runs import plan_command, replay_command, run_command
from sweep_dask.cli.without_run import (
    check_command,
    config_command,
    convert_command,
    doctor_command,
    match_command,
    synth_command,
)
from sweep_dask.version import VERSION

COMMANDS = (
    *(run_command, replay_command, plan_command),
    *(report_command, explain_command, verify_command, forget_command),
    *(check_command, convert_command, synth_command),
    match_command,
    *(config_command, doctor_command),
)


# Dask registers a command by its own name, not by that of the entry point: `dask sweep`.
@click.group(
    "sweep",
    cls=Program,
    commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  python -m sweep_dask run data/raw --workers 2",
)
@click.version_option(VERSION, prog_name="sweep_dask")
def main() -> None:
    """What would ASX Centre Point sweep orders have filled, had they been matched differently?"""
