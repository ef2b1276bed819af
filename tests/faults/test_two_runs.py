"""Two runs, each a process of its own, in one output folder: nothing is written by both."""

import pytest
from faults.held_runs import PATCHED, held
from running import result_files, run_here, run_program

pytestmark = pytest.mark.slow

OPTIONS = ("-o", "out", "--no-parallel", "--model", "time-priority")


def run_alone(source, output):
    """The same run in this process."""
    return run_here(source, output, enable_parallel=False, models="time-priority")


def files_of(output):
    """Everything but scratch, to bytes and the moment it was written."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in output.rglob("*")
        if path.is_file() and not path.relative_to(output).parts[0].startswith(".scratch")
    }


def test_the_second_is_refused(plain_input, time_priority_result, tmp_path):
    arguments, output = [plain_input, *OPTIONS], tmp_path / "out"
    with held(PATCHED, arguments, tmp_path) as first:
        before = files_of(output)
        second = run_program("run", *arguments, cwd=tmp_path)
        assert second.returncode == 2, second.stderr
        assert "Another run is working in this output folder" in second.stderr
        assert f"process {first.pid} on " in second.stderr
        assert files_of(output) == before
        (tmp_path / "marks/go").touch()
        _, errors = first.communicate(timeout=120)
    assert first.returncode == 0, errors
    assert result_files(output) == result_files(time_priority_result.output)


@pytest.mark.parametrize("others", [0, 1])
def test_the_first_stops_when_its_lock_is_removed(
    plain_input, time_priority_result, tmp_path, others
):
    arguments, output = [plain_input, *OPTIONS], tmp_path / "out"
    with held(PATCHED, arguments, tmp_path) as first:
        (output / ".lock").unlink()
        for _ in range(others):
            assert run_alone(plain_input, output).exit_code == 0
        before = files_of(output)
        (tmp_path / "marks/go").touch()
        _, errors = first.communicate(timeout=120)
        assert first.returncode == 4, errors
        assert "The output folder is no longer this run's" in errors
        assert "Traceback" not in errors
        assert files_of(output) == before
    assert run_alone(plain_input, output).exit_code == 0
    assert result_files(output) == result_files(time_priority_result.output)
    assert not list(output.glob(".scratch*"))
