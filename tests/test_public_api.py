"""`import sweep_dask` in programs: light to import, and objects to work with."""

import subprocess
import sys

import pytest
from running import program_environment, result_files

import sweep_dask
from sweep_dask.errors import InputError, UsageError

HEAVY = ("dask", "distributed", "pandas", "pyarrow", "numba", "numpy", "scipy", "bokeh", "click")


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def loaded_by(statement):
    """Which heavy packages a fresh process has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=program_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import sweep_dask") == set()


def test_doctor_can_tell_of_packages_that_are_not_there():
    assert loaded_by("import sweep_dask.study.doctor") == set()


def test_matching_needs_no_pandas():
    # numba itself loads scipy where there is one.
    loaded = loaded_by("import sweep_dask.matching.time_priority")
    assert loaded <= {"numpy", "numba", "scipy"}


def test_settings_and_system_need_no_dask():
    loaded = loaded_by("from sweep_dask import Settings, SystemConfig; Settings()")
    assert loaded & {"dask", "distributed", "pandas", "pyarrow"} == set()


def test_a_partition_needs_no_dask():
    assert loaded_by("import sweep_dask.partition") & {"dask", "distributed"} == set()


def test_help_is_printed_without_loading_the_dataflow():
    assert loaded_by("import sweep_dask.cli") & {"dask", "distributed", "pandas"} == set()


def test_public_names_exist():
    assert {*dir(sweep_dask)} >= {"run", "plan", "Settings", "SystemConfig", "RunResult"}
    for name in sweep_dask.__all__:
        assert getattr(sweep_dask, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        _ = sweep_dask.simulate


def test_run_gives_back_what_it_left(plain_input, plain_result, tmp_path):
    result = sweep_dask.run(plain_input, output="results", enable_parallel=False)
    assert isinstance(result, sweep_dask.RunResult)
    assert result.exit_code == 0
    assert result.output == tmp_path / "results"
    assert result_files(result.output) == result_files(plain_result.output)
    summary = result.table("simulation_order_summary")
    # Sweep k wants 100 (k + 1) shares, has traded 10 of them if k is odd, and meets 180.
    assert summary["matched_quantity"].tolist() == [100, 180, 180, 180] * 4
    with pytest.raises(InputError, match="no table 'matches'") as caught:
        result.table("matches")
    assert "sweep_order_comparison" in caught.value.cure


def test_plan_writes_nothing_and_says_what_run_would_do(plain_input, tmp_path):
    plan = sweep_dask.plan(str(plain_input), workers=2, blocksize=1000)
    assert plan.system.num_workers == 2
    assert len(plan.blocks) == sum(-(-b // 1000) for b in _body_bytes(plain_input))
    assert list(tmp_path.iterdir()) == []


def _body_bytes(folder):
    """Bytes below the header of each file."""
    for path in folder.rglob("*.csv"):
        text = path.read_bytes()
        yield len(text) - text.index(b"\n") - 1


def test_errors_name_the_function_that_was_called(plain_input):
    with pytest.raises(UsageError, match="no option 'wrokers'") as caught:
        sweep_dask.plan(plain_input, wrokers=2)
    assert caught.value.where == "sweep_dask.plan(…)"
    assert caught.value.cure == "did you mean workers?"


def test_what_is_odd_about_settings_is_logged(plain_input, caplog):
    sweep_dask.plan(plain_input, workers=0)
    assert caplog.messages.count("workers 0 (command line) is below the minimum; using 1") == 1


def test_ctrl_c_ends_the_program_when_the_folder_is_in_order(plain_input, tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("sweep_dask.study.run.simulate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sweep_dask.run(plain_input, output="results", enable_parallel=False)
    assert sweep_dask.load("results").exit_code == 130


def test_settings_take_the_place_of_the_command_line(plain_input, monkeypatch, tmp_path):
    monkeypatch.setenv("SWEEP_CHUNK_SIZE", "5000")
    monkeypatch.setenv("SWEEP_WORKERS", "7")
    (tmp_path / "config.yaml").write_text("system: {chunk_size: 6000}\ntrading_day: calendar\n")
    settings = sweep_dask.plan(plain_input, workers=2).settings
    assert (settings.workers, settings.chunk_size) == (2, 5000)
    assert settings.trading_day == "calendar"


def test_a_setting_that_does_not_exist_is_a_usage_error(plain_input):
    with pytest.raises(UsageError, match="worker"):
        sweep_dask.run(plain_input, worker=2)
