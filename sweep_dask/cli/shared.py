"""What all commands share: how they are declared, and how they begin."""

from __future__ import annotations

import os
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sweep_dask.cli.ending import ended
from sweep_dask.cli.terminal import (
    StandardError,
    open_standard_streams,
    remark,
    say,
    set_loudness,
    stop_waiting,
    wait_visibly,
    warn,
)
from sweep_dask.errors import UsageError
from sweep_dask.locations import lasting
from sweep_dask.settings import OPTIONS, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep_dask.settings import Option

    Function = Callable[..., int]


def command(example: str) -> Callable[[Function], click.Command]:
    """A command whose function returns the exit code; its errors become messages."""

    def decorate(function: Function) -> click.Command:
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
        return click.command(name, epilog=f"Example:  {example}")(guarded)

    return decorate


# --- what commands take -----------------------------------------------------------------------


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
input_argument = click.argument("inputs", metavar="[INPUT]...", nargs=-1)


def options_of(*names: str) -> Callable[[Function], Function]:
    """The settings of these names, as far as they have a flag."""

    def decorate(function: Function) -> Function:
        for option in reversed(OPTIONS):
            if option.flags and option.name in names:
                function = _click_option(option)(function)
        return function

    return decorate


def options_without(*names: str) -> Callable[[Function], Function]:
    """All settings but those that mean nothing to a command."""
    return options_of(*(option.name for option in OPTIONS if option.name not in names))


settings_options = options_without()


def _click_option(option: Option) -> Callable[[Function], Function]:
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


# --- how they begin ---------------------------------------------------------------------------


def load(options: dict[str, Any]) -> Settings:
    """The settings in force; from here on lines have the form that they ask for."""
    given = {name: value for name, value in options.items() if value is not None}
    settings = load_settings(given, os.environ, _current_folder())
    StandardError.use(settings.log_format)
    if settings.progress is False:
        stop_waiting()
    for warning in settings.warnings:
        warn(warning)
    for place in (settings.output, settings.scratch):
        if place is not None:
            lasting(place)
    return settings


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "The current folder has been removed.", cure="Change to a folder that exists."
        ) from error


def announcer(*, as_json: bool, is_sample: bool) -> Callable[[str], None]:
    """Prints opening lines; a JSON document has standard output for itself."""

    def announce(line: str) -> None:
        (remark if as_json else say)(line)

    if is_sample:
        announce("There is no data/raw here: using the built-in sample market.")
    return announce
