"""Every option of a run: declared once, read from four places, each value with its source.

Command line, then environment, then `config.yaml`, then default. The page reads from what an
option is, over the values it accepts and the table of all options (`Settings`), to the reading
of them (`load_settings`) and of the file.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import yaml

from sweep_dask.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

T = TypeVar("T")

CONFIG_FILE = "config.yaml"

#: The first one is the default; `KNOWN_MODELS` may be named, only these can be run.
IMPLEMENTED_MODELS = ("time-priority",)
KNOWN_MODELS = ("time-priority", "centre-point")


@dataclass(frozen=True)
class Option:
    """One setting and the places it is read from."""

    parse: Callable[[object], object]
    """Turns text, or a value of the right type, into the setting; ValueError: what is accepted."""
    help: str
    flags: tuple[str, ...] = ()
    """On the command line; empty if the setting has no flag there."""
    metavar: str = ""
    flag_value: bool | None = None
    """The value the flag stands for; None if the flag takes an argument."""
    multiple: bool = False
    """Whether the flag may be repeated."""
    environment: tuple[str, ...] = ()
    """Variables, the first one first."""
    environment_negates: bool = False
    """Whether the variable says the opposite of the setting."""
    key: str | None = None
    """Dotted path in `config.yaml`."""
    minimum: int | None = None
    """A smaller value is raised to this one, with a warning."""
    unset: str = "not set"
    """What no value (None, or nothing in it) stands for."""
    name: str = ""
    default: object = None

    @property
    def shown_flag(self) -> str:
        """What an error on the command line calls this option."""
        return self.flags[-1] if self.flags else self.name


@dataclass(frozen=True)
class Source:
    """Where a value came from; `str()` is what the manifest says."""

    kind: Literal["default", "file", "environment", "command line"]
    name: str = ""
    """The file or the variable."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


DEFAULT = Source("default")
COMMAND_LINE = Source("command line")


# --- what is accepted: each parser raises ValueError with the words for it -------------------

#: Multiples a size may be written in; case does not matter, `B` may be left out.
_BYTE_UNITS = {"": 1, "b": 1} | {
    prefix + infix + suffix: base**power
    for power, prefix in enumerate("kmgtp", start=1)
    for infix, base in (("", 1000), ("i", 1024))
    for suffix in ("", "b")
}

_BOOLEANS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(
    ("0", "false", "no", "off"), False
)


def parse_bytes(text: float | str) -> int:
    """A size in bytes, read as `dask.utils.parse_bytes` reads it: `64KiB`, `1.5 GB`, `1e6`, `MB`.

    Raises
    ------
    ValueError
        It is no finite number with a unit of bytes.
    """
    if isinstance(text, int | float):
        return int(text)
    number = text.replace(" ", "")
    if not any(character.isdigit() for character in number):
        number = "1" + number
    end = len(number)
    while end and number[end - 1].isalpha():
        end -= 1
    unit = number[end:].lower()
    if unit not in _BYTE_UNITS:
        raise ValueError(f"{number[end:]!r} is no unit of bytes")
    try:
        return int(float(number[:end]) * _BYTE_UNITS[unit])
    except OverflowError as error:
        raise ValueError("a finite size") from error


def _size(value: object) -> int:
    accepted = "a size above zero such as 65536, 64KiB or 1.5 GB"
    try:
        size_bytes = parse_bytes(str(value))
    except ValueError as error:
        raise ValueError(accepted) from error
    if size_bytes <= 0:
        raise ValueError(accepted)
    return size_bytes


def _integer(value: object) -> int:
    # By way of text, so that 2.5 and True are no whole numbers and no digit is lost.
    try:
        return int(str(value))
    except ValueError as error:
        raise ValueError("a whole number") from error


def _boolean(value: object) -> bool:
    text = str(value).strip().casefold()
    if text not in _BOOLEANS:
        raise ValueError("true or false (1, 0, yes, no, on, off)")
    return _BOOLEANS[text]


def _number(value: object, fits: Callable[[float], bool], accepted: str) -> float:
    try:
        number = float(str(value))
    except ValueError as error:
        raise ValueError(accepted) from error
    if not fits(number):
        raise ValueError(accepted)
    return number


def _fraction(value: object) -> float:
    return _number(value, lambda number: 0 <= number <= 1, "a fraction from 0 to 1")


def _gigabytes(value: object) -> float:
    return _number(value, lambda number: 0 < number < float("inf"), "a number above zero")


def _text(value: object) -> str:
    text = str(value).strip()
    if not text or not isinstance(value, str | Path):
        raise ValueError("text that is not empty")
    return text


def _path(value: object) -> Path:
    return Path(_text(value))


def _existing_file(folder: Path, value: object) -> Path:
    path = _path(value)
    if not (folder / path).exists() or (folder / path).is_dir():
        raise ValueError("an existing file")
    return path


def _address(value: object) -> str:
    """HOST:PORT. Without a host it is this machine alone: an open port is asked for by name."""
    host, _, port = str(value).strip().rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 2**16):
        raise ValueError("HOST:PORT, such as 127.0.0.1:8787")
    return f"{host or '127.0.0.1'}:{port}"


def _date(value: object) -> str:
    """An ISO date as text, which is how dates name partitions."""
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError("dates as 2024-09-05, separated by commas")


def _security(value: object) -> int:
    try:
        return _integer(value)
    except ValueError as error:
        raise ValueError("whole numbers, separated by commas") from error


def _model(value: object) -> str:
    text = str(value).strip()
    if text in IMPLEMENTED_MODELS:
        return text
    available = ", ".join(IMPLEMENTED_MODELS)
    if text in KNOWN_MODELS:
        raise ValueError(f"{available} ({text} is not available in this version)")
    raise ValueError(available)


def _choice(*choices: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = str(value).strip()
        if text not in choices:
            raise ValueError(" or ".join(choices))
        return text

    return parse


def _or_auto(parse: Callable[[object], T]) -> Callable[[object], T | None]:
    """None for "auto", which settles the matter: sources further down are not asked."""

    def parse_or_auto(value: object) -> T | None:
        if isinstance(value, str) and value.strip().casefold() == "auto":
            return None
        try:
            return parse(value)
        except ValueError as error:
            raise ValueError(f"{error}, or auto") from error

    return parse_or_auto


def _several(parse: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """A list, text with commas, or one value; each value once, in the order given."""

    def parse_several(value: object) -> tuple[T, ...]:
        items = value if isinstance(value, list | tuple) else [value]
        parts = [
            part
            for item in items
            for part in (item.split(",") if isinstance(item, str) else [item])
        ]
        return tuple(dict.fromkeys(parse(part) for part in parts or [""]))

    return parse_several


def _column_names(value: object) -> dict[str, dict[str, str]]:
    match value:
        case dict() if all(isinstance(names, dict) for names in value.values()):
            return {
                str(table): {str(column): _text(name) for column, name in names.items()}
                for table, names in value.items()
            }
    raise ValueError("for each table a mapping of a column to its name in a file")


# --- the options -----------------------------------------------------------------------------


def _option(
    flag: str,
    environment: str,
    key: str,
    parse: Callable[[object], object],
    help_text: str,
    *,
    flag_value: bool | None = None,
    multiple: bool = False,
    negates: bool = False,
    minimum: int | None = None,
    unset: str = "not set",
) -> dict[str, Option]:
    """Metadata of a field of `Settings`; `flag` as it stands in a manual: `-o --output DIR`."""
    words = flag.split()
    option = Option(
        parse,
        help_text,
        flags=tuple(word for word in words if word.startswith("-")),
        metavar=next((word for word in words if not word.startswith("-")), ""),
        flag_value=flag_value,
        multiple=multiple,
        environment=tuple(environment.split()),
        environment_negates=negates,
        key=key or None,
        minimum=minimum,
        unset=unset,
    )
    return {"option": option}


@dataclass(frozen=True)
class Settings:
    """The values of one run, each with its source; `Settings()` is all defaults.

    None in `workers`, `chunk_size` (rows), `blocksize` and `memory_limit` (bytes, the latter per
    worker) means that they are derived from the machine and the input. `memory_limit_gb` is in
    GiB. An empty `dates` or `securities` means all; dates are ISO text, as they name partitions.
    """

    # A table: flag, environment, key in config.yaml, parser, help.
    # fmt: off
    output: Path = field(default=Path("data"), metadata=_option(
        "-o --output DIR", "SWEEP_OUTPUT", "output", _path,
        "Folder for results; processed/ and outputs/ are made in it."))
    config: Path | None = field(default=None, metadata=_option(
        "--config FILE", "SWEEP_CONFIG", "", _path,
        "Configuration file.", unset="config.yaml if present"))
    workers: int | None = field(default=None, metadata=_option(
        "--workers N", "SWEEP_WORKERS", "system.workers", _or_auto(_integer),
        "Worker processes.", minimum=1, unset="auto"))
    chunk_size: int | None = field(default=None, metadata=_option(
        "--chunk-size ROWS", "SWEEP_CHUNK_SIZE", "system.chunk_size", _or_auto(_integer),
        "Rows read at a time.", minimum=1_000, unset="auto"))
    blocksize: int | None = field(default=None, metadata=_option(
        "--blocksize BYTES", "SWEEP_BLOCKSIZE", "system.blocksize", _or_auto(_size),
        "Size of an input block, such as 65536, 64KiB or 1GB.", unset="auto"))
    memory_limit: int | None = field(default=None, metadata=_option(
        "--memory-limit BYTES", "SWEEP_MEMORY_LIMIT", "system.memory_limit", _or_auto(_size),
        "Memory of one worker, such as 2GiB.", unset="auto"))
    enable_parallel: bool = field(default=True, metadata=_option(
        "--no-parallel", "SWEEP_NO_PARALLEL", "system.enable_parallel", _boolean,
        "Run in this process alone: no cluster, no dashboard.", flag_value=False, negates=True))
    memory_limit_gb: float | None = field(default=None, metadata=_option(
        "", "", "performance.memory_limit_gb", _or_auto(_gigabytes),
        "Memory of the whole run in GiB.", unset="90 % of what is available"))
    progress: bool | None = field(default=None, metadata=_option(
        "--no-progress", "SWEEP_PROGRESS", "performance.progress_bars", _or_auto(_boolean),
        "Show no progress bars.", flag_value=False, unset="on at a terminal"))
    monitoring: bool = field(default=True, metadata=_option(
        "--no-monitor", "SWEEP_MONITORING", "performance.monitoring", _boolean,
        "Do not record processor and memory use.", flag_value=False))
    profile: bool = field(default=False, metadata=_option(
        "--profile", "SWEEP_PROFILE", "performance.profile", _boolean,
        "Record a performance profile.", flag_value=True))
    scheduler: str | None = field(default=None, metadata=_option(
        "--scheduler ADDR", "SWEEP_SCHEDULER DASK_SCHEDULER_ADDRESS", "cluster.scheduler", _text,
        "Address of a running Dask scheduler.", unset="own LocalCluster"))
    scheduler_file: Path | None = field(default=None, metadata=_option(
        "--scheduler-file FILE", "", "", _path,
        "File in which a running Dask scheduler left its address."))
    tls_ca_file: Path | None = field(default=None, metadata=_option(
        "--tls-ca-file FILE", "", "cluster.tls.ca_file", _path,
        "Certificate authority of the cluster.", unset="Dask's own configuration"))
    tls_cert: Path | None = field(default=None, metadata=_option(
        "--tls-cert FILE", "", "cluster.tls.cert", _path,
        "Certificate to show to the cluster.", unset="Dask's own configuration"))
    tls_key: Path | None = field(default=None, metadata=_option(
        "--tls-key FILE", "", "cluster.tls.key", _path,
        "Private key of the certificate.", unset="Dask's own configuration"))
    dashboard_address: str = field(default="127.0.0.1:8787", metadata=_option(
        "--dashboard-address HOST:PORT", "", "cluster.dashboard_address", _address,
        "Where the dashboard listens; the next free port if it is taken."))
    dates: tuple[str, ...] = field(default=(), metadata=_option(
        "--dates DATES", "", "select.dates", _several(_date),
        "Trading dates, such as 2024-09-05,2024-09-06.", unset="all"))
    securities: tuple[int, ...] = field(default=(), metadata=_option(
        "--securities IDS", "", "select.securities", _several(_security),
        "Order book ids, such as 110621,85603.", unset="all"))
    models: tuple[str, ...] = field(default=IMPLEMENTED_MODELS, metadata=_option(
        "--model time-priority|centre-point", "", "models", _several(_model),
        "Matching model; may be repeated.", multiple=True))
    trading_day: str = field(default="session", metadata=_option(
        "--trading-day session|calendar", "", "trading_day", _choice("session", "calendar"),
        "Whether evening events belong to the next trading day or to their calendar date."))
    on_bad_rows: str = field(default="quarantine", metadata=_option(
        "--on-bad-rows quarantine|fail", "", "bad_rows.on_bad_rows", _choice("quarantine", "fail"),
        "Whether rows that cannot be read are set aside or end the run."))
    max_bad_fraction: float = field(default=0.05, metadata=_option(
        "--max-bad-fraction F", "", "bad_rows.max_bad_fraction", _fraction,
        "Share of rejected rows of a table above which the run fails."))
    fresh: bool = field(default=False, metadata=_option(
        "--fresh", "", "", _boolean,
        "Compute everything again, also what is finished.", flag_value=True))
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict, metadata=_option(
        "", "", "columns", _column_names,
        "Names of columns in the files: table, column, name.", unset="as in the extracts"))
    # fmt: on

    sources: Mapping[str, Source] = field(
        default_factory=lambda: dict.fromkeys((option.name for option in OPTIONS), DEFAULT)
    )
    """By the name of the option."""
    warnings: tuple[str, ...] = ()
    """What was read and not used as it stood; not an option."""

    def as_rows(self) -> list[tuple[str, str, str]]:
        """Name, value and source of every option, as text for people."""
        return [
            (option.name, _shown(getattr(self, option.name), option), f"{source}")
            for option, source in ((option, self.sources[option.name]) for option in OPTIONS)
        ]

    def as_json(self) -> dict[str, dict[str, object]]:
        """As in the manifest: `{"workers": {"value": 2, "source": "command line"}, ...}`."""
        return {
            option.name: {
                "value": _plain_value(getattr(self, option.name)),
                "source": str(self.sources[option.name]),
            }
            for option in OPTIONS
        }


def _options() -> Iterator[Option]:
    for spec in fields(Settings):
        if "option" in spec.metadata:
            default = {} if spec.name == "columns" else spec.default
            yield replace(spec.metadata["option"], name=spec.name, default=default)


#: Every option, in the order of `Settings`.
OPTIONS: tuple[Option, ...] = tuple(_options())


def _shown(value: object, option: Option) -> str:
    if value is None or value in ((), {}):
        return option.unset
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        named = [(f"{table}.{key}", name) for table in value for key, name in value[table].items()]
        return ", ".join(f"{key}: {name}" for key, name in named)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain_value(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


# --- reading ---------------------------------------------------------------------------------


class _Entry(NamedTuple):
    """A value of the file and the line its key is on."""

    value: object
    line: int


@dataclass
class _Reader:
    """The sources, in the order in which they are asked."""

    command_line: Mapping[str, object]
    environment: Mapping[str, str]
    file: str = ""
    entries: Mapping[str, _Entry] = field(default_factory=dict)
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
            return _parsed(option, given, option.shown_flag, "command line"), COMMAND_LINE
        for variable in option.environment:
            text = self.environment.get(variable, "").strip()
            try:
                if text:
                    return _from_variable(option, text), Source("environment", variable)
            except ValueError as error:
                self.warnings.append(f"{variable}={text!r} is ignored; accepted: {error}")
        entry = self.entries.get(option.key or "")
        if option.key is None or entry is None or entry.value is None:
            return option.default, DEFAULT
        where = f"{self.file}, line {entry.line}"
        return _parsed(option, entry.value, option.key, where), Source("file", self.file)


def load_settings(
    command_line: Mapping[str, object],
    environment: Mapping[str, str],
    working_directory: Path,
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

    Raises
    ------
    UsageError
        A bad value or an unknown option on the command line, or in the file; a file that cannot
        be read.
    """
    _require_known_options(command_line)
    reader = _Reader(command_line, environment)
    config, config_source = reader.read(_config_option(working_directory))
    if isinstance(config, Path):
        reader.file, reader.entries = str(config), _read_file(working_directory, config)
    read = {option.name: reader.read(option) for option in OPTIONS if option.name != "config"}
    read["config"] = (config, config_source)
    _let_scheduler_file_win(read)
    return _settings(read, tuple(reader.warnings))


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
    return replace(option, parse=partial(_existing_file, working_directory), default=default)


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


def _from_variable(option: Option, text: str) -> object:
    value = option.parse(text)
    return not value if option.environment_negates else value


def _parsed(option: Option, value: object, name: str, where: str) -> object:
    try:
        return option.parse(value)
    except ValueError as error:
        raise UsageError(
            f"{name} cannot be {value!r}.", where=where, value=value, cure=f"accepted: {error}"
        ) from error


def _require_known_options(command_line: Mapping[str, object]) -> None:
    known = [option.name for option in OPTIONS]
    for name in command_line:
        if name not in known:
            raise UsageError(
                f"There is no option {name!r}.",
                where="command line",
                value=name,
                cure=f"did you mean {_nearest(name, known)}?",
            )


def require_known_columns(
    columns: Mapping[str, Mapping[str, str]], known: Mapping[str, Collection[str]]
) -> None:
    """Check the tables and columns of the setting `columns` against those that exist.

    Parameters
    ----------
    columns
        The setting: table, column, name in the file.
    known
        The columns of every table.

    Raises
    ------
    UsageError
        A table or a column that does not exist; the nearest one that does is suggested.
    """
    paths = [f"columns.{table}.{column}" for table in known for column in known[table]]
    tables = [f"columns.{table}" for table in known]
    for table, names in columns.items():
        if table not in known:
            raise _unknown_key(f"columns.{table}", tables, "configuration file")
        for column in names:
            if column not in known[table]:
                raise _unknown_key(f"columns.{table}.{column}", paths, "configuration file")


def _unknown_key(path: str, known: Collection[str], where: str) -> UsageError:
    return UsageError(
        f"Unknown key {path!r}.",
        where=where,
        value=path,
        cure=f"did you mean {_nearest(path, known)}?",
    )


def _nearest(path: str, known: Collection[str]) -> str:
    """The known name most like `path`, comparing also with last parts: a section may be missing."""
    names = {name.rpartition(".")[2]: name for name in known} | {name: name for name in known}
    return names[difflib.get_close_matches(path, names, n=1, cutoff=0.0)[0]]


# --- the file --------------------------------------------------------------------------------

#: As YAML writes "no value".
_NULLS = {"", "~", "null"}


def _read_file(folder: Path, path: Path) -> dict[str, _Entry]:
    """The entries of a configuration file by their dotted path.

    The document is read as its tree of nodes, scalars as the text they are: a date, `1e6` or
    `0123` means here what it means on the command line, and every key knows its line.
    """
    document = _compose(_file_text(folder / path, str(path)), str(path))
    if document is None or _plain(document) is None:
        return {}
    entries: dict[str, _Entry] = {}
    for key, entry in _entries(document, "", str(path)):
        if key in entries:
            raise UsageError(
                f"The key {key!r} is given twice.",
                where=f"{path}, line {entry.line}",
                cure=f"remove it here or on line {entries[key].line}",
            )
        entries[key] = entry
    return entries


def _file_text(file: Path, shown: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The configuration file cannot be read: {error}.",
            where=shown,
            cure="give a readable YAML file in UTF-8",
        ) from error


def _compose(text: str, shown: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{shown}, line {mark.line + 1}" if mark else shown
        raise _not_yaml(where, error.problem) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _not_yaml(f"{shown}, line {line}", error.reason) from error


def _not_yaml(where: str, problem: str | None) -> UsageError:
    return UsageError(
        f"The configuration file is not YAML: {problem}.", where=where, cure="correct this line"
    )


def _entries(node: yaml.Node, section: str, shown: str) -> Iterator[tuple[str, _Entry]]:
    """Known keys below `node`; `section` ends in a dot unless it is the whole document."""
    where = f"{shown}, line {node.start_mark.line + 1}"
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(
            f"{section.rstrip('.') or 'The configuration file'} is not a mapping.",
            where=where,
            value=_plain(node),
            cure="write `key: value` lines",
        )
    keys, sections = _known_keys()
    for key_node, value_node in node.value:
        key, line = f"{section}{_plain(key_node)}", key_node.start_mark.line + 1
        if key in keys:
            yield key, _Entry(_plain(value_node), line)
        elif key not in sections:
            raise _unknown_key(key, keys | sections, f"{shown}, line {line}")
        elif _plain(value_node) is not None:
            yield from _entries(value_node, f"{key}.", shown)


def _known_keys() -> tuple[set[str], set[str]]:
    """Dotted paths that hold a value, and those that hold other keys."""
    keys = {option.key for option in OPTIONS if option.key is not None}
    sections = {key.rpartition(".")[0] for key in keys}
    return keys, (sections | {section.rpartition(".")[0] for section in sections}) - {""}


def _plain(node: yaml.Node) -> object:
    """Text, None, lists and dictionaries of them."""
    if isinstance(node, yaml.MappingNode):
        return {str(_plain(key)): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if plain and node.value.casefold() in _NULLS else node.value
