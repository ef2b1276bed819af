"""CPU and memory over time: thinned, bounded, and no reason to fail."""

import pytest
from report_folders import make_bare_folder, write_page

from sweep_dask.dataflow.monitor import COLUMNS
from sweep_dask.report.run import MOST_POINTS, MOST_PROCESSES, read_resources

MIB = 1 << 20


def write_log(path, processes, samples):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [",".join(COLUMNS)]
    for second in range(samples):
        for number, name in enumerate(processes):
            rss = (100 + number + (900 if second == 7 else 0)) * MIB
            rows.append(f"{1_728_000_000 + second}.250,{name},{second % 100}.5,{rss},1")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_processes_in_their_order(tmp_path):
    names = ["client", "forkserver", "worker-1", "worker-0"]
    found = read_resources(write_log(tmp_path / "r.csv", names, 3))
    assert [usage.process for usage in found.processes] == names
    assert found.processes[1].seconds == [0, 1, 2]
    assert found.processes[1].cpu_percent == [0.5, 1.5, 2.5]
    assert found.processes[1].rss_mib == [101, 101, 101]


def test_long_logs_are_thinned_and_keep_their_peaks(tmp_path):
    names = ["client", *(f"worker-{number}" for number in range(30))]
    found = read_resources(write_log(tmp_path / "r.csv", names, 1_000))
    assert found.count == 31
    assert len(found.processes) == MOST_PROCESSES
    assert all(len(usage.seconds) <= MOST_POINTS for usage in found.processes)
    assert found.processes[-1].peak_mib == 100 + 30 + 900


@pytest.mark.parametrize("text", [None, "", "time,process\n1,client\n", "\x00", "a,b\nc\n"])
def test_log_that_says_nothing(tmp_path, text):
    path = tmp_path / "resources.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert read_resources(path) is None


def test_one_sample_is_no_line(tmp_path):
    assert read_resources(write_log(tmp_path / "r.csv", ["client"], 1)) is None


def test_page_draws_them_or_says_why_not(tmp_path):
    layout, manifest = make_bare_folder(tmp_path / "out")
    assert "There is nothing to draw" in write_page(layout, manifest).text
    write_log(layout.resources_log, ["client"], 5)
    assert {"resources-rss_mib", "resources-cpu_percent"} <= write_page(layout, manifest).ids
