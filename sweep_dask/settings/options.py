"""The table of all options: the fields of `Settings`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.printable import LOG_FORMATS
from sweep_dask.settings.centre_point_values import (
    LEARNED,
    BlockValues,
    DatedBlockValues,
    TickRows,
    parse_block_values,
    parse_groups,
    parse_lifetime,
    parse_preferencing,
    parse_rule_names,
    parse_scenario,
    parse_shares,
    parse_switches,
    parse_ticks,
)
from sweep_dask.settings.declaration import DEFAULT, Option, Source, option
from sweep_dask.settings.values import (
    DELIMITERS,
    one_of,
    or_auto,
    parse_address,
    parse_basis_points,
    parse_boolean,
    parse_cell_values,
    parse_column_names,
    parse_count,
    parse_date,
    parse_delimiter,
    parse_fraction,
    parse_gigabytes,
    parse_header,
    parse_integer,
    parse_location,
    parse_path,
    parse_seconds,
    parse_security,
    parse_size,
    parse_text,
    parse_units,
    several,
)
from sweep_dask.terms.arms import MODELS, SCENARIOS
from sweep_dask.terms.choices import ADOPTION_GROUPS, ADOPTION_SHARES, LIFETIME, LIFETIMES, SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True)
class Settings:
    """The values of one run, each with its source; `Settings()` is all defaults.

    None in `workers`, `chunk_size` (rows), `blocksize` and `memory_limit` (bytes, the latter per
    worker) means that they are derived from the machine and the input. `memory_limit_gb` is in
    GiB. An empty `dates` or `securities` means all; dates are ISO text, as they name partitions.
    """

    # A table: default, flag, environment, key in config.yaml, parser, help.
    # fmt: off
    output: Path = option(Path("data"), "-o --output DIR", "SWEEP_OUTPUT", "output", parse_location,
        "Folder for results, or s3://…; processed/ and outputs/ are made in it.")
    scratch: Path | None = option(None, "--scratch DIR", "SWEEP_SCRATCH", "scratch", parse_location,
        "Folder, or s3://…, for rows on their way while a run works.", unset="the output folder")
    config: Path | None = option(None, "--config FILE", "SWEEP_CONFIG", "", parse_path,
        "Configuration file.", unset="config.yaml if present")
    workers: int | None = option(None,
        "--workers N", "SWEEP_WORKERS", "system.workers", or_auto(parse_integer),
        "Worker processes.", minimum=1, unset="auto")
    chunk_size: int | None = option(None,
        "--chunk-size ROWS", "SWEEP_CHUNK_SIZE", "system.chunk_size", or_auto(parse_integer),
        "Rows read at a time.", minimum=1_000, unset="auto")
    blocksize: int | None = option(None,
        "--blocksize BYTES", "SWEEP_BLOCKSIZE", "system.blocksize", or_auto(parse_size),
        "Size of an input block, such as 65536, 64KiB or 1GB.", unset="auto")
    memory_limit: int | None = option(None,
        "--memory-limit BYTES", "SWEEP_MEMORY_LIMIT", "system.memory_limit", or_auto(parse_size),
        "Memory of one worker, such as 2GiB.", unset="auto")
    enable_parallel: bool = option(True,
        "--no-parallel", "SWEEP_NO_PARALLEL", "system.enable_parallel", parse_boolean,
        "Run in this process alone: no cluster, no dashboard.", flag_value=False,
        environment_negates=True)
    memory_limit_gb: float | None = option(None,
        "", "", "performance.memory_limit_gb", or_auto(parse_gigabytes),
        "Memory of the whole run in GiB.", unset="90 % of what is available")
    progress: bool | None = option(None,
        "--no-progress", "SWEEP_PROGRESS", "performance.progress_bars", or_auto(parse_boolean),
        "Show no progress bars.", flag_value=False, unset="on at a terminal")
    monitoring: bool = option(True,
        "--no-monitor", "SWEEP_MONITORING", "performance.monitoring", parse_boolean,
        "Do not record processor and memory use.", flag_value=False)
    profile: bool = option(False,
        "--profile", "SWEEP_PROFILE", "performance.profile", parse_boolean,
        "Record a performance profile.", flag_value=True)
    log_format: str = option("text",
        "--log-format FORMAT", "SWEEP_LOG_FORMAT", "logging.format", one_of(*LOG_FORMATS),
        "Lines of logs/run.log and standard error: text, or json, an object a line.")
    scheduler: str | None = option(None,
        "--scheduler ADDR", "SWEEP_SCHEDULER DASK_SCHEDULER_ADDRESS", "cluster.scheduler",
        parse_text,
        "Address of a running Dask scheduler.", unset="own LocalCluster", is_trusted=True)
    scheduler_file: Path | None = option(None, "--scheduler-file FILE", "", "", parse_path,
        "File in which a running Dask scheduler left its address.")
    tls_ca_file: Path | None = option(None,
        "--tls-ca-file FILE", "", "cluster.tls.ca_file", parse_path,
        "Certificate authority of the cluster.", unset="Dask's own configuration", is_trusted=True)
    tls_cert: Path | None = option(None, "--tls-cert FILE", "", "cluster.tls.cert", parse_path,
        "Certificate to show to the cluster.", unset="Dask's own configuration", is_trusted=True)
    tls_key: Path | None = option(None, "--tls-key FILE", "", "cluster.tls.key", parse_path,
        "Private key of the certificate.", unset="Dask's own configuration", is_trusted=True)
    plain_tcp: bool = option(False,
        "--plain-tcp", "SWEEP_PLAIN_TCP", "cluster.plain_tcp", parse_boolean,
        "Do not encrypt the local cluster: every user of this machine can run code as you.",
        flag_value=True, is_trusted=True)
    wait_for_workers: int | None = option(None,
        "--wait-for-workers N", "SWEEP_WAIT_FOR_WORKERS", "cluster.wait_for_workers", parse_count,
        "Workers that a running cluster is to have before work begins.",
        unset="those there are, at least one")
    worker_wait_seconds: int = option(60,
        "", "SWEEP_WORKER_WAIT_SECONDS", "cluster.worker_wait_seconds", parse_seconds,
        "How long a run waits for workers: for those asked for, and while there is none.")
    dashboard_address: str = option("127.0.0.1:8787",
        "--dashboard-address HOST:PORT", "", "cluster.dashboard_address", parse_address,
        "Where the dashboard listens; the next free port if it is taken.")
    dates: tuple[str, ...] = option((), "--dates DATES", "", "select.dates", several(parse_date),
        "Trading dates, such as 2024-09-05,2024-09-06.", unset="all")
    securities: tuple[int | str, ...] = option((),
        "--securities IDS", "", "select.securities", several(parse_security),
        "Order book ids or tickers, such as 110621,BHP.", unset="all")
    ignore: tuple[str, ...] = option((),
        "--ignore PATTERN", "SWEEP_IGNORE", "select.ignore", several(parse_text),
        "Paths below INPUT to leave unread, such as orders/*.txt; may be repeated.", multiple=True,
        unset="none")
    models: tuple[str, ...] = option(MODELS,
        f"--model {'|'.join(MODELS)}", "", "models", several(one_of(*MODELS)),
        "Matching model; may be repeated.", multiple=True)
    scenarios: tuple[str, ...] = option(tuple(SCENARIOS),
        "--scenario NAME", "", "scenarios", several(parse_scenario),
        "What sweeps do in the centre-point model; may be repeated.", multiple=True)
    preferencing: str | tuple[int, ...] = option(LEARNED,
        "", "", "centre_point.preferencing", parse_preferencing,
        "Participants that meet their own orders first: learned from trades, or a list of ids.",
        unset="nobody")
    ticks: TickRows = option((), "", "", "centre_point.ticks", parse_ticks,
        "Tick table: pairs of a price and the tick from there on, in 0.1 cent.",
        unset="that of ASX shares")
    block_min_value: int | BlockValues | DatedBlockValues | None = option(None,
        "", "", "centre_point.block_min_value", parse_block_values,
        "Least value of a block trade in A$: for all securities, or by id, also by first date.",
        unset="no block trades")
    quote_source: str = option("national",
        "", "", "centre_point.quote_source", one_of("national", "exchange"),
        "Whose best bid and offer make the midpoint: national, or exchange for its own.")
    rules_off: tuple[str, ...] = option((), "", "", "centre_point.rules_off", parse_rule_names,
        "Names of rules to switch off.", unset="none")
    replay: bool = option(True, "--no-replay", "SWEEP_REPLAY", "centre_point.replay", parse_boolean,
        "Do not replay the recorded orders to score the book: no answer is printed.",
        flag_value=False)
    lifetime: str = option(LIFETIME, "--lifetime LIFETIME", "", "choices.lifetime", parse_lifetime,
        "How long a sweep waits that is treated differently: recorded, close or, for example, "
        "clock:5min.")
    lifetimes: tuple[str, ...] = option(LIFETIMES,
        "", "", "choices.lifetimes", several(parse_lifetime),
        "All for which the answer is worked out.")
    adoption_groups: int = option(ADOPTION_GROUPS,
        "--groups N", "", "choices.adoption_groups", parse_groups,
        "The answer is about one of so many groups of sweeps changing; 1: all of them at once.")
    adoption_shares: tuple[float, ...] = option(ADOPTION_SHARES,
        "", "", "choices.adoption_shares", parse_shares,
        "Shares of sweeps that change together, beside one group and all.", unset="none")
    adoption_participant: int | None = option(None,
        "", "", "choices.adoption_participant", parse_integer,
        "Participant whose sweeps alone change, all of them together.", unset="anybody")
    switches: tuple[str, ...] = option(tuple(map(str, SWITCHES)),
        "", "", "choices.switches", parse_switches,
        "Assumptions that are also put the other way; none: bounds are not worked out.",
        unset="none")
    adoption_seed: int = option(0, "", "", "choices.adoption_seed", parse_integer,
        "Deals sweeps into groups.")
    dark_fee_bps: float = option(0.0, "", "", "fees.dark_bps", parse_basis_points,
        "What is paid for trading in the dark book, in basis points of the traded value.")
    lit_fee_bps: float = option(0.0, "", "", "fees.lit_bps", parse_basis_points,
        "What is paid for trading in the lit book, in basis points of the traded value.")
    trading_day: str = option("session",
        "--trading-day session|calendar", "", "trading_day", one_of("session", "calendar"),
        "Whether evening events belong to the next trading day or to their calendar date.")
    on_bad_rows: str = option("quarantine",
        "--on-bad-rows quarantine|fail", "", "bad_rows.on_bad_rows", one_of("quarantine", "fail"),
        "Whether rows that cannot be read are set aside or end the run.")
    max_bad_fraction: float = option(0.05,
        "--max-bad-fraction F", "", "bad_rows.max_bad_fraction", parse_fraction,
        "Share of rejected rows of a table above which the run fails.")
    on_contradiction: str = option("stop",
        "--on-contradiction stop|warn", "SWEEP_ON_CONTRADICTION", "checks.on_contradiction",
        one_of("stop", "warn"),
        "Whether an input that contradicts itself ends the run or is warned of.")
    fresh: bool = option(False, "--fresh", "", "", parse_boolean,
        "Compute everything again, also what is finished.", flag_value=True)
    csv_safe_text: bool = option(False, "--csv-safe-text", "", "csv_safe_text", parse_boolean,
        "Put ' before texts in CSV files that a spreadsheet takes for a formula.", flag_value=True)
    columns: Mapping[str, Mapping[str, str]] = option(dict, "", "", "columns", parse_column_names,
        "Names of columns in the files: table, column, name.", unset="as in the extracts")
    units: Mapping[str, Mapping[str, str]] = option(dict, "", "", "units", parse_units,
        "Units of the times and prices in the files, by table.", unset="as in the extracts")
    delimiter: str | Mapping[str, str] = option(",", "", "", "delimiter", parse_delimiter,
        "What stands between two fields of CSV files, for all tables or by table.")
    header: Mapping[str, tuple[str, ...]] = option(dict, "", "", "header", parse_header,
        "Names of all fields of CSV files without a header, by table.",
        unset="the first line of a file")
    convert_values: Mapping[str, Mapping[str, Mapping[str, str]]] = option(dict,
        "", "", "convert.values", parse_cell_values,
        "What `convert` writes for texts such as Buy: table, column, text, value.", unset="none")
    # fmt: on

    sources: Mapping[str, Source] = field(
        default_factory=lambda: dict.fromkeys((one.name for one in OPTIONS), DEFAULT)
    )
    """By the name of the option."""
    warnings: tuple[str, ...] = ()
    """What was read and not used as it stood; not an option."""

    @property
    def has_own_workers(self) -> bool:
        """Whether workers are processes of this run, not of a scheduler that was named."""
        return self.enable_parallel and self.scheduler is None and self.scheduler_file is None

    @property
    def security_ids(self) -> tuple[int, ...]:
        """Order book ids among `securities`: all of them, once a plan has looked up tickers."""
        return tuple(one for one in self.securities if isinstance(one, int))

    def on_cluster_of(self, address: str) -> Settings:
        """The same on the scheduler at `address`, of which the caller has a client."""
        where = {"scheduler": address, "scheduler_file": None, "enable_parallel": True}
        sources = {**self.sources, **dict.fromkeys(where, Source("client"))}
        return replace(self, **where, sources=sources)  # type: ignore[arg-type]

    def delimiters(self, tables: Iterable[str]) -> dict[str, str]:
        """The delimiter of each of these tables, one character."""
        words = self.delimiter
        by_table = words if not isinstance(words, str) else dict.fromkeys(tables, words)
        return {table: DELIMITERS[word] for table, word in by_table.items()}

    def as_rows(self) -> list[tuple[str, str, str]]:
        """Name, value and source of every option, as text for people."""
        return [
            (one.name, one.shown(getattr(self, one.name)), f"{self.sources[one.name]}")
            for one in OPTIONS
        ]

    def as_json(self) -> dict[str, dict[str, object]]:
        """As in the manifest: `{"workers": {"value": 2, "source": "command line"}, ...}`."""
        return {
            one.name: {
                "value": _plain_value(getattr(self, one.name)),
                "source": str(self.sources[one.name]),
            }
            for one in OPTIONS
        }


def _options() -> Iterator[Option]:
    for spec in fields(Settings):
        if "option" in spec.metadata:
            default = {} if spec.default_factory is dict else spec.default
            yield replace(spec.metadata["option"], name=spec.name, default=default)


#: Every option, in the order of `Settings`.
OPTIONS: tuple[Option, ...] = tuple(_options())


def _plain_value(value: object) -> object:
    """As it comes back from JSON: what is shown of a run does not depend on when it is drawn."""
    if isinstance(value, tuple | list):
        return [_plain_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain_value(item) for key, item in value.items()}
    return value if value is None or isinstance(value, str | int | float) else str(value)
