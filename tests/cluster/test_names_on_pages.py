"""What Dask's own pages say of a run: its stages as spans, its kinds of work as groups of tasks."""

import pytest
from distributed import LocalCluster
from running import run_here

KINDS = {
    ("sweep-dask", "ingest"): {"ingest_orders", "ingest_trades", "ingest_nbbo", "input_digest"},
    ("sweep-dask", "partitions"): {"simulate_partitions"},
    ("sweep-dask", "rollups"): {"summarise_day", "read_summary"},
}


@pytest.mark.filterwarnings("error:Dask annotations")
def test_stages_are_spans_and_kinds_of_work_are_groups(plain_input, tmp_path):
    cluster = {"n_workers": 1, "processes": False, "dashboard_address": None}
    with LocalCluster(**cluster) as theirs:
        address = theirs.scheduler_address
        assert run_here(plain_input, tmp_path / "output", scheduler=address).exit_code == 0
        spans = theirs.scheduler.extensions["spans"].spans_search_by_name
        kinds = {
            name: {group.prefix.name for span in found for group in span.groups}
            for name, found in spans.items()
        }
        assert not theirs.scheduler.tasks
    assert KINDS.keys() <= kinds.keys()
    for name, found in KINDS.items():
        assert found <= kinds[name]
    # Nothing that a run does is told of as no stage's.
    assert not kinds.get(("default",))
    assert not kinds[("sweep-dask",)]
