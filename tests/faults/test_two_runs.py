"""Two runs, each a process of its own, in one output folder: nothing is written by both."""

import pytest
from held_runs import PATCHED, held
from running import result_files, run_here, run_program

pytestmark = pytest.mark.slow

OPTIONS = ("-o", "out", "--no-parallel", "--model", "time-priority")


@pytest.fixture(scope="module")
def expected(plain_input, tmp_path_factory):
    output = tmp_path_factory.mktemp("alone") / "out"
    run_here(plain_input, output, enable_parallel=False, models="time-priority")
    return result_files(output)


def files_of(output):
    """Everything but scratch, to bytes and the moment it was written."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in output.rglob("*")
        if path.is_file() and not path.relative_to(output).parts[0].startswith(".scratch")
    }


def test_the_second_is_refused(plain_input, expected, tmp_path):
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
    assert result_files(output) == expected


@pytest.mark.parametrize("others", [0, 1])
def test_the_first_stops_when_its_lock_is_removed(plain_input, expected, tmp_path, others):
    arguments, output = [plain_input, *OPTIONS], tmp_path / "out"
    with held(PATCHED, arguments, tmp_path) as first:
        (output / ".lock").unlink()
        for _ in range(others):
            second = run_program("run", *arguments, cwd=tmp_path)
            assert second.returncode == 0, second.stderr
        before = files_of(output)
        (tmp_path / "marks/go").touch()
        _, errors = first.communicate(timeout=120)
        assert first.returncode == 4, errors
        assert "The output folder is no longer this run's" in errors
        assert "Traceback" not in errors
        assert files_of(output) == before
    again = run_program("run", *arguments, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert result_files(output) == expected
    assert not list(output.glob(".scratch*"))
