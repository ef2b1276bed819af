"""What a run has done so far, as its page and Prometheus have it."""

import pytest

from sweep_dask.dataflow.listeners import Done, Events
from sweep_dask.dataflow.run_status import RunStatus, told_to_prometheus


@pytest.fixture
def status():
    """Of a run in its first partition of three."""
    found = RunStatus()
    with Events(found) as events:
        events.start("orders", 2, "blocks", 100)
        events.task_end("orders", Done(60, 600, 2))
        events.task_end("orders", Done(40, 400, 1))
        events.end("orders", "2 blocks", 1.5)
        events.end("kept ones", "none", 0.25)
        events.start("partitions", 3, "partitions", 30)
        events.task_end("partitions", Done(10, 10))
        yield found


def test_partitions_rows_and_rejects(status):
    told = status.as_json()
    stages = {stage["stage"]: stage for stage in told.pop("stages")}
    numbers = {"partitions": 3, "partitions_done": 1, "rows_read": 1_000, "rows_rejected": 3}
    assert told == numbers
    assert [*stages] == ["orders", "kept ones", "partitions"]
    assert (stages["orders"]["outcome"], stages["orders"]["seconds"]) == ("2 blocks", 1.5)
    assert stages["partitions"]["outcome"] is None


def test_metrics_are_there_while_the_run_is(status):
    client = pytest.importorskip("prometheus_client", reason="NO PROMETHEUS CLIENT")
    with told_to_prometheus(status):
        text = client.generate_latest().decode()
        with told_to_prometheus(RunStatus()):  # of another run, which is not told of
            assert client.generate_latest().decode().count("sweep_dask_partitions 3.0") == 1
    assert "sweep_dask_partitions_done 1.0" in text
    assert "sweep_dask_rows_read 1000.0" in text
    assert "sweep_dask_rows_rejected 3.0" in text
    assert 'sweep_dask_stage_seconds{stage="orders"} 1.5' in text
    assert "sweep_dask" not in client.generate_latest().decode()
