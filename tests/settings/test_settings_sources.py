"""Which source wins, and what becomes of a value that is too small."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep_dask.errors import UsageError
from sweep_dask.settings import COMMAND_LINE, DEFAULT, Settings, Source, load_settings


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
    file = "cluster: {scheduler: tcp://file:1}"
    settings = load(file=file, environment=both, config="config.yaml")
    assert settings.scheduler == "tcp://dask:1"
    assert str(settings.sources["scheduler"]) == "environment DASK_SCHEDULER_ADDRESS"


def test_scheduler_file_wins_over_an_address_from_elsewhere(load, usage_error):
    environment = {"DASK_SCHEDULER_ADDRESS": "tcp://dask:1"}
    settings = load(environment=environment, scheduler_file="s.json")
    assert (settings.scheduler, settings.scheduler_file) == (None, Path("s.json"))
    error = usage_error(scheduler="tcp://a:1", scheduler_file="s.json")
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


@pytest.mark.parametrize("text", ["https://host/out", "s3://KEY:SECRET@bucket/out"])
@pytest.mark.parametrize("name", ["output", "scratch"])
def test_an_address_in_a_variable_that_is_no_place_is_a_warning_too(load, name, text):
    settings = load(environment={f"SWEEP_{name.upper()}": text})
    assert getattr(settings, name) == getattr(Settings(), name)
    (warning,) = settings.warnings
    assert f"SWEEP_{name.upper()}" in warning
    assert text.partition("/")[0] in warning
    assert "SECRET" not in warning


def test_bad_variable_leaves_the_value_of_the_file(load):
    settings = load(file="system: {workers: 2}", environment={"SWEEP_WORKERS": "x"})
    assert (settings.workers, str(settings.sources["workers"])) == (2, "file config.yaml")


def test_empty_variable_is_not_set(load):
    assert load(environment={"SWEEP_WORKERS": "", "SWEEP_OUTPUT": " "}) == Settings()


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


@pytest.mark.parametrize("flag", ["scheduler", "scheduler_file"])
def test_a_scheduler_on_the_command_line_beats_a_standing_no_parallel(tmp_path, flag):
    (tmp_path / "config.yaml").write_text("system: {enable_parallel: false}", encoding="utf-8")
    settings = load_settings({flag: "tcp://10.0.0.1:8786"}, {}, tmp_path)
    assert settings.enable_parallel


def test_no_parallel_beats_a_standing_scheduler(tmp_path):
    environment = {"DASK_SCHEDULER_ADDRESS": "tcp://10.0.0.1:8786"}
    assert not load_settings({"enable_parallel": False}, environment, tmp_path).enable_parallel


def test_a_scheduler_and_no_parallel_on_one_command_line_contradict(tmp_path):
    given = {"scheduler": "tcp://10.0.0.1:8786", "enable_parallel": False}
    with pytest.raises(UsageError, match="--no-parallel"):
        load_settings(given, {}, tmp_path)
