"""Workers that `distributed.chaos` ends while a run goes on."""

import pytest
from faults import chaotic_workers
from running import result_files, run_here, run_program


@pytest.mark.slow
def test_chaos_changes_nothing(plain_input, tmp_path):
    chaos = tmp_path / "chaos"
    chaos.mkdir()
    done = run_program(
        *("run", plain_input, "-o", "out", "--workers", "3", "--model", "time-priority"),
        cwd=tmp_path,
        DASK_DISTRIBUTED__WORKER__PRELOAD=chaotic_workers.__file__,
        CHAOS_FOLDER=str(chaos),
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    # No task can have died more often than Dask allows: all deaths together are that many.
    assert {path.name for path in chaos.iterdir()} == set(chaotic_workers.MODES)
    alone = run_here(plain_input, tmp_path / "alone", enable_parallel=False, models="time-priority")
    assert result_files(tmp_path / "out") == result_files(alone.output)
