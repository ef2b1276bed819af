"""The table of options, and how its values are shown."""

from __future__ import annotations

import json
import pickle
from dataclasses import fields, replace
from pathlib import Path

from sweep_dask.analysis.centre_point.choices import Choices
from sweep_dask.analysis.metrics.records import NO_FEES, fees_of
from sweep_dask.settings import DEFAULT, OPTIONS, Settings


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
    assert settings.plain_tcp is False
    assert settings.models == ("time-priority", "centre-point")
    assert settings.scenarios == ("as-entered", "dual-post", "rest-dark", "dark-only")
    assert (settings.preferencing, settings.ticks, settings.rules_off) == ("learned", (), ())
    assert settings.block_min_value is None
    assert settings.replay is True
    assert fees_of(vars(settings)) == NO_FEES
    assert Choices._field_defaults == {name: getattr(settings, name) for name in Choices._fields}
    assert (settings.dates, settings.securities, settings.columns) == ((), (), {})
    assert settings.trading_day == "session"
    assert (settings.on_bad_rows, settings.max_bad_fraction) == ("quarantine", 0.05)


#: Option, flags, environment, key: the rows of the table in the contract.
CONTRACT = """
output            | -o --output         | SWEEP_OUTPUT                           | output
scratch           | --scratch           | SWEEP_SCRATCH                          | scratch
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
log_format        | --log-format        | SWEEP_LOG_FORMAT                       | logging.format
scheduler         | --scheduler         | SWEEP_SCHEDULER DASK_SCHEDULER_ADDRESS | cluster.scheduler
scheduler_file    | --scheduler-file    |                                        |
tls_ca_file       | --tls-ca-file       |                                        | cluster.tls.ca_file
tls_cert          | --tls-cert          |                                        | cluster.tls.cert
tls_key           | --tls-key           |                                        | cluster.tls.key
plain_tcp         | --plain-tcp         | SWEEP_PLAIN_TCP                        | cluster.plain_tcp
wait_for_workers  | --wait-for-workers  | SWEEP_WAIT_FOR_WORKERS                 | cluster.wait_for_workers
worker_wait_seconds |                   | SWEEP_WORKER_WAIT_SECONDS              | cluster.worker_wait_seconds
dashboard_address | --dashboard-address |                                        | cluster.dashboard_address
dates             | --dates             |                                        | select.dates
securities        | --securities        |                                        | select.securities
ignore            | --ignore            | SWEEP_IGNORE                           | select.ignore
models            | --model             |                                        | models
scenarios         | --scenario          |                                        | scenarios
preferencing      |                     |                                        | centre_point.preferencing
ticks             |                     |                                        | centre_point.ticks
block_min_value   |                     |                                        | centre_point.block_min_value
quote_source      |                     |                                        | centre_point.quote_source
rules_off         |                     |                                        | centre_point.rules_off
replay            | --no-replay         | SWEEP_REPLAY                           | centre_point.replay
lifetime          | --lifetime          |                                        | choices.lifetime
lifetimes         |                     |                                        | choices.lifetimes
adoption_groups   | --groups            |                                        | choices.adoption_groups
adoption_shares   |                     |                                        | choices.adoption_shares
adoption_participant |                  |                                        | choices.adoption_participant
switches          |                     |                                        | choices.switches
adoption_seed     |                     |                                        | choices.adoption_seed
dark_fee_bps      |                     |                                        | fees.dark_bps
lit_fee_bps       |                     |                                        | fees.lit_bps
trading_day       | --trading-day       |                                        | trading_day
on_bad_rows       | --on-bad-rows       |                                        | bad_rows.on_bad_rows
max_bad_fraction  | --max-bad-fraction  |                                        | bad_rows.max_bad_fraction
on_contradiction  | --on-contradiction  | SWEEP_ON_CONTRADICTION                 | checks.on_contradiction
fresh             | --fresh             |                                        |
csv_safe_text     | --csv-safe-text     |                                        | csv_safe_text
columns           |                     |                                        | columns
units             |                     |                                        | units
delimiter         |                     |                                        | delimiter
header            |                     |                                        | header
convert_values    |                     |                                        | convert.values
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
    assert rows["preferencing"] == ("learned", "default")
    assert rows["block_min_value"] == ("no block trades", "default")


def test_rows_of_the_centre_point_options(load):
    settings = load(
        file="centre_point: {preferencing: [], block_min_value: {110621: 1e6, 85603: 500000}, "
        "ticks: [[0, 1], [100, 5]]}"
    )
    rows = {name: value for name, value, _ in settings.as_rows()}
    assert rows["preferencing"] == "nobody"
    assert rows["block_min_value"] == "110621: 1000000, 85603: 500000"
    assert rows["ticks"] == "(0, 1), (100, 5)"
    dated = load(file="centre_point: {block_min_value: {2024-07-01: {110621: 9}, 2024-10-01: 5}}")
    rows = {name: value for name, value, _ in dated.as_rows()}
    assert rows["block_min_value"] == "2024-07-01.110621: 9, 2024-10-01: 5"
    assert json.loads(json.dumps(settings.as_json()))["ticks"]["value"] == [[0, 1], [100, 5]]


def test_json_has_the_shape_of_the_manifest(load):
    document = json.loads(json.dumps(load(workers=2, output="out", dates="2024-09-05").as_json()))
    assert document["workers"] == {"value": 2, "source": "command line"}
    assert document["output"] == {"value": "out", "source": "command line"}
    assert document["dates"] == {"value": ["2024-09-05"], "source": "command line"}
    assert document["chunk_size"] == {"value": None, "source": "default"}
    assert set(document) == {option.name for option in OPTIONS}
