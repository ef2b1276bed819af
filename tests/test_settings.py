"""Settings: what is accepted, which source wins, and what an error names."""

from __future__ import annotations

import json
import pickle
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import dask.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.errors import UsageError
from sweep_dask.settings import (
    COMMAND_LINE,
    DEFAULT,
    OPTIONS,
    Settings,
    Source,
    load_settings,
    parse_bytes,
    require_known_columns,
)


@pytest.fixture
def load(tmp_path):
    """Load settings from a command line, an environment and the text of a config.yaml."""

    def load(file: str | None = None, environment=None, **command_line) -> Settings:
        if file is not None:
            (tmp_path / "config.yaml").write_text(file, encoding="utf-8")
        return load_settings(command_line, environment or {}, tmp_path)

    return load


def usage_error(load, *arguments, **named) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(*arguments, **named)
    assert caught.value.exit_code == 2
    return caught.value


# --- the table of options ---


def test_nothing_given_is_all_defaults(load):
    settings = load()
    assert settings == Settings()
    assert set(settings.sources.values()) == {DEFAULT}
    assert settings.warnings == ()


def test_defaults_are_those_of_the_contract():
    settings = Settings()
    assert settings.output == Path("data")
    assert (settings.workers, settings.chunk_size) == (None, None)
    assert (settings.blocksize, settings.memory_limit, settings.memory_limit_gb) == (None,) * 3
    assert (settings.enable_parallel, settings.monitoring) == (True, True)
    assert (settings.progress, settings.profile, settings.fresh) == (None, False, False)
    assert settings.dashboard_address == "127.0.0.1:8787"
    assert settings.models == ("time-priority",)
    assert (settings.dates, settings.securities, settings.columns) == ((), (), {})
    assert settings.trading_day == "session"
    assert (settings.on_bad_rows, settings.max_bad_fraction) == ("quarantine", 0.05)


#: Option, flags, environment, key: the rows of the table in the contract.
CONTRACT = """
output            | -o --output         | SWEEP_OUTPUT                           | output
config            | --config            | SWEEP_CONFIG                           |
workers           | --workers           | SWEEP_WORKERS                          | system.workers
chunk_size        | --chunk-size        | SWEEP_CHUNK_SIZE                       | system.chunk_size
blocksize         | --blocksize         | SWEEP_BLOCKSIZE                        | system.blocksize
memory_limit      | --memory-limit      | SWEEP_MEMORY_LIMIT                     | system.memory_limit
enable_parallel   | --no-parallel       | SWEEP_NO_PARALLEL                      | system.enable_parallel
memory_limit_gb   |                     |                                        | performance.memory_limit_gb
progress          | --no-progress       | SWEEP_PROGRESS                         | performance.progress_bars
monitoring        | --no-monitor        | SWEEP_MONITORING                       | performance.monitoring
profile           | --profile           | SWEEP_PROFILE                          | performance.profile
scheduler         | --scheduler         | SWEEP_SCHEDULER DASK_SCHEDULER_ADDRESS | cluster.scheduler
scheduler_file    | --scheduler-file    |                                        |
tls_ca_file       | --tls-ca-file       |                                        | cluster.tls.ca_file
tls_cert          | --tls-cert          |                                        | cluster.tls.cert
tls_key           | --tls-key           |                                        | cluster.tls.key
dashboard_address | --dashboard-address |                                        | cluster.dashboard_address
dates             | --dates             |                                        | select.dates
securities        | --securities        |                                        | select.securities
models            | --model             |                                        | models
trading_day       | --trading-day       |                                        | trading_day
on_bad_rows       | --on-bad-rows       |                                        | bad_rows.on_bad_rows
max_bad_fraction  | --max-bad-fraction  |                                        | bad_rows.max_bad_fraction
fresh             | --fresh             |                                        |
columns           |                     |                                        | columns
"""  # noqa: E501


def test_options_are_those_of_the_contract():
    rows = [[cell.strip() for cell in line.split("|")] for line in CONTRACT.strip().splitlines()]
    declared = [
        [option.name, " ".join(option.flags), " ".join(option.environment), option.key or ""]
        for option in OPTIONS
    ]
    assert declared == rows


def test_every_option_is_a_field_with_help_and_an_argument_or_a_flag_value():
    names = {spec.name for spec in fields(Settings)} - {"sources", "warnings"}
    assert {option.name for option in OPTIONS} == names
    for option in OPTIONS:
        assert option.help.endswith(".")
        if option.flags:
            assert bool(option.metavar) != (option.flag_value is not None), option.name


def test_every_default_passes_its_own_parser():
    for option in OPTIONS:
        if option.default not in (None, ()):
            assert option.parse(option.default) == option.default


def test_settings_can_be_replaced_and_travel_to_workers(load):
    settings = replace(load(file="columns: {orders: {order_id: my_id}}"), workers=3)
    assert settings.workers == 3
    assert pickle.loads(pickle.dumps(settings)) == settings


# --- priority ---


def test_priority_from_command_line_to_default(load, tmp_path):
    file, environment = "system: {workers: 2}", {"SWEEP_WORKERS": "3"}
    settings = load(file=file, environment=environment, workers="4")
    assert (settings.workers, settings.sources["workers"]) == (4, COMMAND_LINE)
    settings = load(environment=environment)
    assert settings.workers == 3
    assert settings.sources["workers"] == Source("environment", "SWEEP_WORKERS")
    settings = load()
    assert (settings.workers, str(settings.sources["workers"])) == (2, "file config.yaml")
    (tmp_path / "config.yaml").unlink()
    assert (load().workers, load().sources["workers"]) == (None, DEFAULT)


def test_not_given_on_the_command_line_is_none_or_an_empty_tuple(load):
    settings = load(workers=None, models=())
    assert settings == Settings()


def test_auto_settles_the_matter_for_lower_sources(load):
    settings = load(file="system: {workers: 2}", environment={"SWEEP_WORKERS": "Auto"})
    assert settings.workers is None
    assert str(settings.sources["workers"]) == "environment SWEEP_WORKERS"


def test_first_of_two_scheduler_variables_wins(load):
    both = {"DASK_SCHEDULER_ADDRESS": "tcp://dask:1", "SWEEP_SCHEDULER": "tcp://sweep:1"}
    assert load(environment=both).scheduler == "tcp://sweep:1"
    del both["SWEEP_SCHEDULER"]
    settings = load(file="cluster: {scheduler: tcp://file:1}", environment=both)
    assert settings.scheduler == "tcp://dask:1"
    assert str(settings.sources["scheduler"]) == "environment DASK_SCHEDULER_ADDRESS"


def test_scheduler_file_wins_over_an_address_from_elsewhere(load):
    environment = {"DASK_SCHEDULER_ADDRESS": "tcp://dask:1"}
    settings = load(environment=environment, scheduler_file="s.json")
    assert (settings.scheduler, settings.scheduler_file) == (None, Path("s.json"))
    error = usage_error(load, scheduler="tcp://a:1", scheduler_file="s.json")
    assert "--scheduler-file" in str(error)


@pytest.mark.parametrize(
    ("name", "variable", "text", "value"),
    [
        ("enable_parallel", "SWEEP_NO_PARALLEL", "1", False),  # the variable says the opposite
        ("enable_parallel", "SWEEP_NO_PARALLEL", "0", True),
        ("progress", "SWEEP_PROGRESS", "0", False),
        ("progress", "SWEEP_PROGRESS", "yes", True),
        ("monitoring", "SWEEP_MONITORING", "off", False),
        ("profile", "SWEEP_PROFILE", "TRUE", True),
        ("output", "SWEEP_OUTPUT", "out", Path("out")),
        ("chunk_size", "SWEEP_CHUNK_SIZE", " 20000 ", 20_000),
        ("blocksize", "SWEEP_BLOCKSIZE", "64KiB", 65_536),
        ("memory_limit", "SWEEP_MEMORY_LIMIT", "1.5 GB", 1_500_000_000),
    ],
)
def test_environment(load, name, variable, text, value):
    settings = load(environment={variable: text})
    assert getattr(settings, name) == value
    assert settings.sources[name] == Source("environment", variable)
    assert settings.warnings == ()


@pytest.mark.parametrize(
    ("variable", "text", "accepted"),
    [
        ("SWEEP_WORKERS", "many", "a whole number, or auto"),
        ("SWEEP_WORKERS", "2.5", "a whole number"),
        ("SWEEP_BLOCKSIZE", "0", "a size above zero"),
        ("SWEEP_PROFILE", "perhaps", "true or false"),
        ("SWEEP_CONFIG", "gone.yaml", "an existing file"),
    ],
)
def test_bad_variable_is_a_warning_and_the_next_source_is_used(load, variable, text, accepted):
    settings = load(file="{output: from-file}", environment={variable: text})
    assert settings.output == Path("from-file")
    (warning,) = settings.warnings
    assert variable in warning
    assert repr(text) in warning
    assert accepted in warning


def test_bad_variable_leaves_the_value_of_the_file(load):
    settings = load(file="system: {workers: 2}", environment={"SWEEP_WORKERS": "x"})
    assert (settings.workers, str(settings.sources["workers"])) == (2, "file config.yaml")


def test_empty_variable_is_not_set(load):
    assert load(environment={"SWEEP_WORKERS": "", "SWEEP_OUTPUT": " "}) == Settings()


# --- minimum values ---


@pytest.mark.parametrize(
    ("name", "low", "minimum"), [("workers", 0, 1), ("workers", -3, 1), ("chunk_size", 999, 1000)]
)
def test_below_the_minimum_is_raised_with_a_warning_wherever_it_comes_from(
    load, name, low, minimum, tmp_path
):
    variable = f"SWEEP_{name.upper()}"
    for given_to in (
        {name: low},
        {"environment": {variable: f"{low}"}},
        {"file": f"system: {{{name}: {low}}}"},
    ):
        settings = load(**given_to)
        assert getattr(settings, name) == minimum
        (warning,) = settings.warnings
        assert name in warning
        assert str(low) in warning


def test_the_minimum_itself_is_no_warning(load):
    assert load(workers=1, chunk_size=1000).warnings == ()


# --- values ---


@pytest.mark.parametrize(
    ("name", "given_value", "value"),
    [
        ("workers", "2", 2),
        ("workers", 2, 2),
        ("workers", "auto", None),
        ("blocksize", 65536, 65_536),
        ("blocksize", 1e6, 1_000_000),
        ("memory_limit", "2GiB", 2 * 1024**3),
        ("enable_parallel", False, False),
        ("dates", "2024-09-06, 2024-09-05", ("2024-09-06", "2024-09-05")),
        ("dates", [date(2024, 9, 5), "2024-09-05"], ("2024-09-05",)),  # a value counts once
        ("securities", "110621,85603", (110621, 85603)),
        ("securities", 1234567890123456789, (1234567890123456789,)),  # 19 digits stay exact
        ("models", ("time-priority",), ("time-priority",)),
        ("trading_day", "calendar", "calendar"),
        ("on_bad_rows", "fail", "fail"),
        ("max_bad_fraction", "0", 0.0),  # no bad row at all is a choice
        ("max_bad_fraction", 1, 1.0),
        ("dashboard_address", "0.0.0.0:80", "0.0.0.0:80"),
        ("dashboard_address", ":8790", "127.0.0.1:8790"),  # never all interfaces by accident
        ("dashboard_address", "[::1]:8787", "[::1]:8787"),
        ("tls_key", "k.pem", Path("k.pem")),
        ("output", Path("x"), Path("x")),
    ],
)
def test_accepted(load, name, given_value, value):
    settings = load(**{name: given_value})
    assert getattr(settings, name) == value
    assert settings.sources[name] == COMMAND_LINE


@pytest.mark.parametrize(
    ("name", "flag", "value", "accepted"),
    [
        ("workers", "--workers", "two", "a whole number, or auto"),
        ("workers", "--workers", 2.5, "a whole number"),
        ("workers", "--workers", True, "a whole number"),  # bool is an int in Python only
        ("blocksize", "--blocksize", "64 Kib per block", "a size above zero"),
        ("blocksize", "--blocksize", "-5", "a size above zero"),
        ("blocksize", "--blocksize", "1e999", "a size above zero"),
        ("memory_limit", "--memory-limit", True, "a size above zero"),
        ("memory_limit", "--memory-limit", float("inf"), "a size above zero"),
        ("memory_limit", "--memory-limit", "0.5", "a size above zero"),  # half a byte is none
        ("enable_parallel", "--no-parallel", "maybe", "true or false"),
        ("dates", "--dates", "2024-13-01", "dates as 2024-09-05"),
        ("dates", "--dates", "20240905", "dates as 2024-09-05"),  # a partition is not named so
        ("dates", "--dates", "2024-09-05,", "dates as 2024-09-05"),
        ("dates", "--dates", [], "dates as 2024-09-05"),
        ("dates", "--dates", datetime(2024, 9, 5, tzinfo=UTC), "dates as 2024-09-05"),
        ("securities", "--securities", "110621;85603", "whole numbers"),
        ("models", "--model", "pro-rata", "accepted: time-priority"),
        ("models", "--model", "centre-point", "centre-point is not available in this version"),
        ("trading_day", "--trading-day", "evening", "session or calendar"),
        ("on_bad_rows", "--on-bad-rows", "ignore", "quarantine or fail"),
        ("max_bad_fraction", "--max-bad-fraction", "5", "a fraction from 0 to 1"),
        ("max_bad_fraction", "--max-bad-fraction", "nan", "a fraction from 0 to 1"),
        ("dashboard_address", "--dashboard-address", "localhost", "HOST:PORT"),
        ("dashboard_address", "--dashboard-address", "localhost:70000", "HOST:PORT"),
        ("scheduler", "--scheduler", " ", "text that is not empty"),
        ("output", "--output", "", "text that is not empty"),
        ("config", "--config", "gone.yaml", "an existing file"),
        ("columns", "columns", {"orders": "order_id"}, "a mapping of a column"),
    ],
)
def test_bad_value_on_the_command_line_names_option_value_and_what_is_accepted(
    load, name, flag, value, accepted
):
    error = usage_error(load, **{name: value})
    assert error.what.startswith(f"{flag} ")
    assert error.where == "command line"
    assert error.value == value
    assert accepted in (error.cure or "")


def test_unknown_option_suggests_the_nearest(load):
    assert "did you mean workers?" in str(usage_error(load, worker=2))


# --- config.yaml ---


def test_every_key_of_the_file(load):
    settings = load(
        file="""
output: out
system: {workers: 2, chunk_size: 50000, blocksize: 32MiB, memory_limit: 1e9,
         enable_parallel: false}
performance: {memory_limit_gb: 4, progress_bars: no, monitoring: off, profile: on}
cluster:
  scheduler: tcp://host:8786
  tls: {ca_file: ca.pem, cert: c.pem, key: k.pem}
  dashboard_address: 127.0.0.1:9000
select: {dates: [2024-09-05, '2024-09-06'], securities: [110621, 85603]}
models: time-priority
trading_day: calendar
bad_rows: {on_bad_rows: fail, max_bad_fraction: 5e-2}
columns: {orders: {order_id: my_id}, trades: {orderid: 'null'}}
"""
    )
    assert settings.output == Path("out")
    assert (settings.workers, settings.chunk_size) == (2, 50_000)
    assert (settings.blocksize, settings.memory_limit) == (32 * 1024**2, 10**9)
    assert (settings.enable_parallel, settings.progress) == (False, False)
    assert (settings.monitoring, settings.profile) == (False, True)
    assert settings.memory_limit_gb == 4.0
    assert (settings.scheduler, settings.tls_cert) == ("tcp://host:8786", Path("c.pem"))
    assert (settings.tls_ca_file, settings.tls_key) == (Path("ca.pem"), Path("k.pem"))
    assert settings.dashboard_address == "127.0.0.1:9000"
    assert settings.dates == ("2024-09-05", "2024-09-06")
    assert settings.securities == (110621, 85603)
    assert (settings.models, settings.trading_day) == (("time-priority",), "calendar")
    assert (settings.on_bad_rows, settings.max_bad_fraction) == ("fail", 0.05)
    assert settings.columns == {"orders": {"order_id": "my_id"}, "trades": {"orderid": "null"}}
    from_file = {name for name, source in settings.sources.items() if source.kind == "file"}
    assert from_file == {option.name for option in OPTIONS if option.key}


@pytest.mark.parametrize(
    "file",
    [
        "",
        "# nothing\n",
        "null",
        "system:\n",
        "system: {workers: null, chunk_size: ~, blocksize: }",
        "\ufeffsystem: {}",
    ],
)
def test_nothing_in_the_file_means_default(load, file):
    settings = load(file=file)
    assert settings.config == Path("config.yaml")
    assert replace(settings, config=None) == Settings()


def test_auto_in_the_file(load):
    settings = load(file="system: {workers: auto, blocksize: AUTO}")
    assert (settings.workers, settings.blocksize) == (None, None)


@pytest.mark.parametrize(
    ("file", "key", "line", "accepted"),
    [
        ("system:\n  workers: 2.5", "system.workers", 2, "a whole number"),
        ("system:\n  workers: true", "system.workers", 2, "a whole number"),
        ("system:\n  workers: [1]", "system.workers", 2, "a whole number"),
        ("system: {blocksize: 12 parsecs}", "system.blocksize", 1, "a size above zero"),
        ("output: [a]", "output", 1, "text"),
        ("\n\nselect: {dates: 2024-13-45}", "select.dates", 3, "dates as 2024-09-05"),
        ("performance: {memory_limit_gb: 0}", "performance.memory_limit_gb", 1, "above zero"),
        ("columns: {orders: order_id}", "columns", 1, "a mapping of a column"),
        ("models: [time-priority, centre-point]", "models", 1, "not available"),
    ],
)
def test_bad_value_in_the_file_names_key_line_and_what_is_accepted(load, file, key, line, accepted):
    error = usage_error(load, file=file)
    assert error.what.startswith(f"{key} ")
    assert error.where == f"config.yaml, line {line}"
    assert accepted in (error.cure or "")


def test_a_bad_value_in_the_file_is_not_read_when_another_source_wins(load):
    assert load(file="system: {workers: many}", workers=2).workers == 2


@pytest.mark.parametrize(
    ("file", "unknown", "nearest"),
    [
        ("system: {worker: 2}", "system.worker", "system.workers"),
        ("workers: 2", "workers", "system.workers"),  # right name, section forgotten
        ("sytem: {workers: 2}", "sytem", "system"),
        ("cluster: {tls: {certificate: x}}", "cluster.tls.certificate", "cluster.tls.cert"),
        ("perfomance.progress_bars: no", "perfomance.progress_bars", "performance.progress_bars"),
        ("column: {}", "column", "columns"),
    ],
)
def test_unknown_key_suggests_the_nearest(load, file, unknown, nearest):
    error = usage_error(load, file=file)
    assert repr(unknown) in error.what
    assert error.cure == f"did you mean {nearest}?"
    assert error.where == "config.yaml, line 1"


@pytest.mark.parametrize(
    ("file", "line", "what"),
    [
        ("output: x\nsystem: {workers: 2", 2, "not YAML"),
        ("a: b: c", 1, "not YAML"),
        ("output: x\n---\noutput: y", 2, "not YAML"),  # two documents
        ("output: x\nprofile: \x07", 2, "not YAML"),
        ("- 1\n- 2", 1, "is not a mapping"),
        ("just text", 1, "is not a mapping"),
        ("output: x\nsystem: 5", 2, "system is not a mapping"),
        ("output: x\nsystem: {}\noutput: y", 3, "given twice"),
    ],
)
def test_a_file_that_cannot_be_used_names_the_line(load, file, line, what):
    error = usage_error(load, file=file)
    assert what in error.what
    assert error.where == f"config.yaml, line {line}"


def test_a_file_that_is_not_text(load, tmp_path):
    (tmp_path / "config.yaml").write_bytes(b"output: \xff\xfe")
    assert usage_error(load).where == "config.yaml"


def test_config_from_the_command_line_before_the_variable_before_the_folder(load, tmp_path):
    for name in ("config.yaml", "variable.yaml", "given.yaml"):
        (tmp_path / name).write_text(f"output: {name}")
    environment = {"SWEEP_CONFIG": str(tmp_path / "variable.yaml")}
    settings = load(environment=environment, config="given.yaml")
    assert (settings.output, settings.config) == (Path("given.yaml"), Path("given.yaml"))
    assert str(settings.sources["output"]) == "file given.yaml"
    settings = load(environment=environment)
    assert settings.output == Path("variable.yaml")
    assert settings.sources["config"] == Source("environment", "SWEEP_CONFIG")
    settings = load()
    assert settings.output == Path("config.yaml")
    assert settings.sources["config"] == DEFAULT


def test_a_folder_is_no_configuration_file(load, tmp_path):
    (tmp_path / "conf").mkdir()
    assert "an existing file" in str(usage_error(load, config="conf"))


# --- columns ---


def test_columns_are_checked_against_the_tables_that_exist():
    known = {"orders": ["order_id", "price"], "trades": ["orderid"]}
    require_known_columns({"orders": {"order_id": "a"}}, known)
    with pytest.raises(UsageError, match=r"columns\.order'") as caught:
        require_known_columns({"order": {}}, known)
    assert caught.value.cure == "did you mean columns.orders?"
    with pytest.raises(UsageError) as caught:
        require_known_columns({"orders": {"prices": "a"}}, known)
    assert caught.value.cure == "did you mean columns.orders.price?"


# --- what is shown ---


def test_rows_for_the_config_command(load):
    settings = load(
        file="columns: {orders: {order_id: my_id}}",
        environment={"SWEEP_PROFILE": "1"},
        dates="2024-09-05,2024-09-06",
    )
    rows = {name: (value, source) for name, value, source in settings.as_rows()}
    assert list(rows) == [option.name for option in OPTIONS]
    assert rows["workers"] == ("auto", "default")
    assert rows["scheduler"] == ("own LocalCluster", "default")
    assert rows["securities"] == ("all", "default")
    assert rows["profile"] == ("true", "environment SWEEP_PROFILE")
    assert rows["dates"] == ("2024-09-05, 2024-09-06", "command line")
    assert rows["columns"] == ("orders.order_id: my_id", "file config.yaml")
    assert rows["output"] == ("data", "default")


def test_json_has_the_shape_of_the_manifest(load):
    document = json.loads(json.dumps(load(workers=2, output="out", dates="2024-09-05").as_json()))
    assert document["workers"] == {"value": 2, "source": "command line"}
    assert document["output"] == {"value": "out", "source": "command line"}
    assert document["dates"] == {"value": ["2024-09-05"], "source": "command line"}
    assert document["chunk_size"] == {"value": None, "source": "default"}
    assert set(document) == {option.name for option in OPTIONS}


# --- sizes are those of dask ---


def outcome(parse, text):
    """The size, or "refused" (dask lets the overflow of an infinite size through)."""
    try:
        return parse(text)
    except (ValueError, OverflowError):
        return "refused"


@pytest.mark.parametrize(
    "text",
    [
        *("65536", "64KiB", "1GB", "1e6", "1.5 GB", "MB", "5kB", "5.4 kB", "1kiB", "1e6 kB"),
        *("100M", "1 Ti", "-3MB", ".5k", "5 foos", "", "e6", "1e", "1e999", "1_000", "KiB", "B"),
        *("1 000", "nan", "inf", "--5", "5\tMB", "1.2.3", "0", "nan1", "\u0661k", "5\u212a"),
    ],
)
def test_sizes_are_read_as_dask_reads_them(text):
    assert outcome(parse_bytes, text) == outcome(dask.utils.parse_bytes, text)


@pytest.mark.parametrize("size", [0, 1, 65536, 1.5, 2**60, -1])
def test_numbers_are_read_as_dask_reads_them(size):
    assert parse_bytes(size) == dask.utils.parse_bytes(size)


@given(
    st.one_of(st.integers(0, 10**7).map(str), st.floats(0, 1e7).map(repr), st.text(max_size=6)),
    st.sampled_from(["", " ", "  "]),
    st.sampled_from([*dask.utils.byte_sizes, "KiB", "Gb", "x"]),
)
def test_any_text_is_read_as_dask_reads_it(number, blank, unit):
    text = number + blank + unit
    assert outcome(parse_bytes, text) == outcome(dask.utils.parse_bytes, text)
