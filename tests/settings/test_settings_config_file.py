"""The configuration file: its keys, its lines, and what an error names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sweep_dask.errors import UsageError
from sweep_dask.settings import DEFAULT, OPTIONS, Settings, Source, require_known_columns


def test_every_key_of_the_file(load):
    settings = load(
        config="config.yaml",
        file="""
output: out
scratch: fast
system: {workers: 2, chunk_size: 50000, blocksize: 32MiB, memory_limit: 1e9,
         enable_parallel: false}
performance: {memory_limit_gb: 4, progress_bars: no, monitoring: off, profile: on}
logging: {format: json}
cluster:
  scheduler: tcp://host:8786
  tls: {ca_file: ca.pem, cert: c.pem, key: k.pem}
  plain_tcp: no
  wait_for_workers: 8
  worker_wait_seconds: 30
  dashboard_address: 127.0.0.1:9000
select: {dates: [2024-09-05, '2024-09-06'], securities: [110621, 85603], ignore: '*.bak'}
models: time-priority
scenarios: [dark-only, as-entered]
centre_point:
  preferencing: [72, 23]
  ticks: [[0, 1], [100, 5]]
  block_min_value: {110621: 1000000}
  quote_source: exchange
  replay: false
  rules_off: [half-tick, dual_post]
choices:
  lifetime: close
  lifetimes: [recorded, 'clock:2h']
  adoption_groups: 4
  adoption_shares: [0.5]
  adoption_participant: 72
  adoption_seed: 7
  switches: [own-orders]
fees: {dark_bps: 0.5, lit_bps: 1}
trading_day: calendar
bad_rows: {on_bad_rows: fail, max_bad_fraction: 5e-2}
csv_safe_text: yes
checks: {on_contradiction: warn}
columns: {orders: {order_id: my_id}, trades: {orderid: 'null'}}
units: {orders: {time: iso, price: dollar}, nbbo: {price: cent}}
delimiter: {orders: ;, trades: "\t", nbbo: tab}
header: {trades: [sequence, tradetime]}
convert: {values: {orders: {side: {B: 1}}}}
""",
    )
    assert settings.output == Path("out")
    assert (settings.workers, settings.chunk_size) == (2, 50_000)
    assert (settings.blocksize, settings.memory_limit) == (32 * 1024**2, 10**9)
    assert (settings.enable_parallel, settings.progress) == (False, False)
    assert (settings.monitoring, settings.profile) == (False, True)
    assert settings.log_format == "json"
    assert settings.memory_limit_gb == 4.0
    assert (settings.scheduler, settings.tls_cert) == ("tcp://host:8786", Path("c.pem"))
    assert (settings.tls_ca_file, settings.tls_key) == (Path("ca.pem"), Path("k.pem"))
    assert settings.dashboard_address == "127.0.0.1:9000"
    assert settings.dates == ("2024-09-05", "2024-09-06")
    assert settings.securities == (110621, 85603)
    assert (settings.models, settings.trading_day) == (("time-priority",), "calendar")
    assert settings.scenarios == ("dark-only", "as-entered")
    assert (settings.lifetime, settings.lifetimes) == ("close", ("recorded", "clock:2h"))
    assert (settings.adoption_groups, settings.adoption_shares) == (4, (0.5,))
    assert (settings.adoption_participant, settings.adoption_seed) == (72, 7)
    assert settings.switches == ("own_orders",)
    assert (settings.dark_fee_bps, settings.lit_fee_bps) == (0.5, 1.0)
    assert (settings.preferencing, settings.ticks) == ((72, 23), ((0, 1), (100, 5)))
    assert settings.block_min_value == {110621: 1_000_000}
    assert (settings.quote_source, settings.replay) == ("exchange", False)
    assert settings.rules_off == ("half-tick", "dual_post")
    assert (settings.on_bad_rows, settings.max_bad_fraction) == ("fail", 0.05)
    assert settings.csv_safe_text
    assert settings.columns == {"orders": {"order_id": "my_id"}, "trades": {"orderid": "null"}}
    assert settings.on_contradiction == "warn"
    assert settings.units == {
        "orders": {"time": "iso", "price": "dollar"},
        "nbbo": {"price": "cent"},
    }
    assert settings.delimiters(["orders"]) == {"orders": ";", "trades": "\t", "nbbo": "\t"}
    from_file = {name for name, source in settings.sources.items() if source.kind == "file"}
    assert from_file == {option.name for option in OPTIONS if option.key}


TRUSTED = {
    "scheduler": "tcp://stranger.example:8786",
    "tls: {ca_file": "ca.pem}",
    "tls: {cert": "cert.pem}",
    "tls: {key": "key.pem}",
    "plain_tcp": "true",
}


@pytest.mark.parametrize("key", TRUSTED)
def test_what_chooses_whose_code_runs_must_be_in_a_file_that_is_named(load, usage_error, key):
    file = f"output: out\ncluster:\n  {key}: {TRUSTED[key]}"
    for elsewhere in ({}, {"scheduler": "tcp://mine:1"}, {"environment": {"SWEEP_CONFIG": "no"}}):
        error = usage_error(file=file, **elsewhere)
        assert error.what.startswith(f"cluster.{key.replace(': {', '.')} may not come from")
        assert error.where == "config.yaml, line 3"
        assert "--config config.yaml" in error.cure
    named = load(file=file, config="config.yaml", scheduler="tcp://mine:1")
    assert named.output == Path("out")
    assert load(environment={"SWEEP_CONFIG": "config.yaml"}).output == Path("out")


def test_no_value_in_a_file_that_was_found_is_no_matter(load):
    assert load(file="cluster: {scheduler: null, tls: {}, plain_tcp: }").scheduler is None


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
        ("models: [time-priority, pro-rata]", "models", 1, "time-priority or centre-point"),
        ("scenarios: [dual-psot]", "scenarios", 1, "did you mean dual-post?"),
    ],
)
def test_bad_value_in_the_file_names_key_line_and_what_is_accepted(
    usage_error, file, key, line, accepted
):
    error = usage_error(file=file)
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
        ("cluster: {wrokers: 2}", "cluster.wrokers", "system.workers"),  # in the wrong section
    ],
)
def test_unknown_key_suggests_the_nearest(usage_error, file, unknown, nearest):
    error = usage_error(file=file)
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
def test_a_file_that_cannot_be_used_names_the_line(usage_error, file, line, what):
    error = usage_error(file=file)
    assert what in error.what
    assert error.where == f"config.yaml, line {line}"


BILLIONS = "".join(
    f"  {name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("file", "line", "what"),
    [
        ("columns:\n  a: &a [x, x]\n" + BILLIONS, 3, "aliases"),
        ("columns: &a\n  orders: *a", 2, "aliases"),
        ("columns: " + "[" * 20_000, 1, "nested too deeply"),
        ("columns: " + "{a: " * 9 + "b" + "}" * 9, 1, "nested too deeply"),
    ],
)
def test_a_file_that_stands_for_more_than_it_says(usage_error, file, line, what):
    error = usage_error(file=file)
    assert what in error.what
    assert error.where == f"config.yaml, line {line}"


def test_a_file_of_forty_thousand_keys_is_not_read(usage_error):
    error = usage_error(file="".join(f"key{number}: 1\n" for number in range(40_000)))
    assert "more than 131,072 bytes" in error.what
    assert error.where == "config.yaml"


def test_a_file_that_is_not_text(usage_error, tmp_path):
    (tmp_path / "config.yaml").write_bytes(b"output: \xff\xfe")
    assert usage_error().where == "config.yaml"


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


def test_a_folder_is_no_configuration_file(usage_error, tmp_path):
    (tmp_path / "conf").mkdir()
    assert "an existing file" in str(usage_error(config="conf"))


def test_columns_are_checked_against_the_tables_that_exist():
    known = {"orders": ["order_id", "price"], "trades": ["orderid"]}
    require_known_columns({"orders": {"order_id": "a"}}, known)
    with pytest.raises(UsageError, match=r"columns\.order'") as caught:
        require_known_columns({"order": {}}, known)
    assert caught.value.cure == "did you mean columns.orders?"
    with pytest.raises(UsageError) as caught:
        require_known_columns({"orders": {"prices": "a"}}, known)
    assert caught.value.cure == "did you mean columns.orders.price?"


def test_a_key_below_a_setting_is_told_with_its_line(load):
    settings = load(file="columns:\n  trades: {orderid: a}\n  ordres:\n    price: b\n")
    source = settings.sources["columns"]
    assert source == Source("file", source.name)
    with pytest.raises(UsageError) as caught:
        require_known_columns(
            settings.columns, {"orders": [], "trades": ["orderid"]}, source=source
        )
    assert caught.value.where == f"{source.name}, line 3"
    assert caught.value.cure == "did you mean columns.orders?"
