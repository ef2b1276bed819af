"""Reading the options from their sources: the first source that has a value gives it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.errors import UsageError
from sweep_dask.settings.config_file import Entry, read_config_file
from sweep_dask.settings.declaration import COMMAND_LINE, DEFAULT, Option, Source
from sweep_dask.settings.known_names import require_known_options
from sweep_dask.settings.options import OPTIONS, Settings
from sweep_dask.settings.values import parse_existing_file

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_FILE = "config.yaml"


def load_settings(
    command_line: Mapping[str, object],
    environment: Mapping[str, str],
    working_directory: Path,
    given_by: str = "command line",
) -> Settings:
    """The settings of a run from all sources, with what was ignored or raised in `warnings`.

    Parameters
    ----------
    command_line
        By the name of the option; None or an empty tuple: not given.
    environment
        Such as `os.environ`; an empty variable is not set.
    working_directory
        Where `config.yaml` is looked for and a relative `--config` begins.
    given_by
        Who has given what is in `command_line`, as errors say it.

    Raises
    ------
    UsageError
        A bad value or an unknown option on the command line, or in the file; a file that cannot
        be read; a key that only a file named by the user may have.
    """
    require_known_options(command_line, [option.name for option in OPTIONS], given_by)
    reader = _Reader(command_line, environment, given_by)
    config, config_source = reader.read(_config_option(working_directory))
    if isinstance(config, Path):
        reader.file, reader.entries = str(config), read_config_file(working_directory, config)
        if config_source == DEFAULT:
            _refuse_trusted_keys(reader)
    read = {option.name: reader.read(option) for option in OPTIONS if option.name != "config"}
    read["config"] = (config, config_source)
    _let_scheduler_file_win(read)
    _let_command_line_choose_where(read)
    _require_scheduler_for_certificates(read)
    return _settings(read, tuple(reader.warnings))


def selected(given: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[int | str, ...]]:
    """Dates and securities named on the command line alone; a UsageError for what is none."""
    reader = _Reader(given, {}, "command line")
    by_name = {option.name: reader.read(option)[0] for option in OPTIONS if option.name in given}
    return by_name["dates"], by_name["securities"]  # type: ignore[return-value]


@dataclass
class _Reader:
    """The sources, in the order in which they are asked."""

    command_line: Mapping[str, object]
    environment: Mapping[str, str]
    given_by: str
    file: str = ""
    entries: Mapping[str, Entry] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def read(self, option: Option) -> tuple[object, Source]:
        value, source = self._first_value(option)
        if option.minimum is None or not isinstance(value, int) or value >= option.minimum:
            return value, source
        self.warnings.append(
            f"{option.name} {value} ({source}) is below the minimum; using {option.minimum:,}"
        )
        return option.minimum, source

    def _first_value(self, option: Option) -> tuple[object, Source]:
        given = self.command_line.get(option.name)
        if given is not None and given != ():
            return _parsed(option, given, option.shown_flag, self.given_by), COMMAND_LINE
        for variable in option.environment:
            text = self.environment.get(variable, "").strip()
            try:
                if text:
                    value = option.parse(text)
                    value = not value if option.environment_negates else value
                    return value, Source("environment", variable)
            except ValueError as error:
                self.warnings.append(f"{variable}={text!r} is ignored; accepted: {error}")
            except UsageError as error:
                # An address may hold credentials: `where` is what may be shown of it.
                told = f"{variable}={error.where!r} is ignored: {error.what} Accepted: {error.cure}"
                self.warnings.append(told)
        entry = self.entries.get(option.key or "")
        if option.key is None or entry is None or entry.value is None:
            return option.default, DEFAULT
        where = f"{self.file}, line {entry.line}"
        return _parsed(option, entry.value, option.key, where), Source(
            "file", self.file, entry.lines
        )


def _refuse_trusted_keys(reader: _Reader) -> None:
    """A file that merely lies in the folder may not choose whose code runs.

    A scheduler's replies are unpickled, so that its address is as good as a program; and a folder
    of data may come from anybody.
    """
    for option in OPTIONS:
        entry = reader.entries.get(option.key or "")
        if option.is_trusted and entry is not None and entry.value is not None:
            raise UsageError(
                f"{option.key} may not come from a configuration file that was merely found.",
                where=f"{reader.file}, line {entry.line}",
                value=entry.value,
                cure=f"if you trust this file, name it: --config {reader.file}; "
                f"or give {option.shown_flag} on the command line",
            )


def _settings(read: Mapping[str, tuple[object, Source]], warnings: tuple[str, ...]) -> Settings:
    values = {name: value for name, (value, _) in read.items()}
    sources = {name: source for name, (_, source) in read.items()}
    # The parsers have checked the types, which a mapping of all options cannot express.
    return Settings(**values, sources=sources, warnings=warnings)  # type: ignore[arg-type]


def _config_option(working_directory: Path) -> Option:
    """The option `config`, whose value must exist and whose default depends on the folder."""
    option = next(option for option in OPTIONS if option.name == "config")
    present = (working_directory / CONFIG_FILE).is_file()
    default = Path(CONFIG_FILE) if present else None
    return replace(option, parse=partial(parse_existing_file, working_directory), default=default)


def _let_scheduler_file_win(read: dict[str, tuple[object, Source]]) -> None:
    """A scheduler file can only come from the command line, before all other sources."""
    if read["scheduler_file"][0] is None:
        return
    address, source = read["scheduler"]
    if source == COMMAND_LINE:
        raise UsageError(
            "--scheduler and --scheduler-file both name a scheduler.",
            where="command line",
            value=address,
            cure="give one of them",
        )
    read["scheduler"] = (None, DEFAULT)


def _let_command_line_choose_where(read: dict[str, tuple[object, Source]]) -> None:
    """A scheduler named on the command line sets a standing `enable_parallel: false` aside."""
    named = any(read[name][1] == COMMAND_LINE for name in ("scheduler", "scheduler_file"))
    parallel, source = read["enable_parallel"]
    if not named or parallel:
        return
    if source == COMMAND_LINE:
        raise UsageError(
            "--no-parallel runs in this process, --scheduler on a cluster.",
            where="command line",
            cure="give one of them",
        )
    read["enable_parallel"] = (True, COMMAND_LINE)


def _require_scheduler_for_certificates(read: Mapping[str, tuple[object, Source]]) -> None:
    """Certificates on the command line are for a scheduler; our own cluster makes its own."""
    given = [
        name for name in ("tls_ca_file", "tls_cert", "tls_key") if read[name][1] == COMMAND_LINE
    ]
    if given and read["scheduler"][0] is None and read["scheduler_file"][0] is None:
        raise UsageError(
            f"--{given[0].replace('_', '-')} is for a scheduler, and none is named.",
            where="command line",
            value=str(read[given[0]][0]),
            cure="name one with --scheduler or --scheduler-file; the local cluster makes its own "
            "certificate",
        )


def _parsed(option: Option, value: object, name: str, where: str) -> object:
    try:
        return option.parse(value)
    except ValueError as error:
        raise UsageError(
            f"{name} cannot be {_spoken(value)}.",
            where=where,
            value=", ".join(map(str, value)) if isinstance(value, tuple) else value,
            cure=f"accepted: {error}",
        ) from error


def _spoken(value: object) -> str:
    """A value as the user wrote it; a repeated option comes as a tuple."""
    return ", ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)
