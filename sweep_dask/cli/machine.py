"""What a run would find here, besides its input: `config`, `doctor`."""

from __future__ import annotations

from typing import Any

from sweep_dask.cli.shared import command, input_argument, json_option, load, settings_options
from sweep_dask.cli.terminal import say_json, show
from sweep_dask.text_blocks import table


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
