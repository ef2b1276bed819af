"""Versions of Python and of packages that a scheduler and its workers have."""

import sys

import pytest
from cluster.schedulers import address_in, remote_cluster
from distributed import Client
from distributed.versions import get_versions
from running import run_program

from sweep_dask.dataflow import versions
from sweep_dask.dataflow.versions import (
    SCHEDULER,
    SIMILAR,
    Difference,
    as_table,
    differences,
    require_same_versions,
    versions_of,
)
from sweep_dask.errors import ResourceError
from sweep_dask.version import VERSION

MAJOR, MINOR, MICRO = sys.version_info[:3]
ONE, TWO = "tcp://10.0.0.1:1", "tcp://10.0.0.2:1"


class Cluster:
    """A client whose scheduler and two workers have these packages, apart from what is told."""

    def __init__(self, **changed):
        self.scheduler = self
        self.address = "tcp://10.0.0.9:8786"
        self._changed = {SCHEDULER: {}, ONE: {}, TWO: {}} | changed
        self._ours = {who: packages.pop("sweep_dask", VERSION) for who, packages in self}

    def __iter__(self):
        return iter((who, dict(packages)) for who, packages in self._changed.items())

    def get_versions(self, packages):
        found = {who: get_versions(packages) for who in ("client", *self._changed)}
        for who, changed in self._changed.items():
            found[who]["packages"] |= {k: v for k, v in changed.items() if k != "sweep_dask"}
        workers = {who: found[who] for who in (ONE, TWO)}
        return {"client": found["client"], "scheduler": found[SCHEDULER], "workers": workers}

    def run(self, function):
        return {who: self._ours[who] for who in (ONE, TWO)}

    def run_on_scheduler(self, function):
        return self._ours[SCHEDULER]


def refusal(**changed):
    with pytest.raises(ResourceError, match="does not run what this client runs") as caught:
        require_same_versions(Cluster(**changed))
    assert caught.value.exit_code == 4
    assert caught.value.where == "tcp://10.0.0.9:8786"
    return caught.value.what.splitlines()[1:]


def test_equal_versions_are_no_difference(caplog):
    require_same_versions(Cluster())
    assert caplog.records == []


def test_one_table_has_all_that_is_different():
    scipy = get_versions(["scipy"])["packages"]["scipy"]
    table = refusal(
        **{SCHEDULER: {"sweep_dask": "99.0"}, ONE: {"scipy": "1.0"}, TWO: {"sweep_dask": None}}
    )
    rows = [line.split(maxsplit=3) for line in table]
    assert rows[0] == ["package", "here", "there", "where"]
    assert rows[1] == ["scipy", scipy, "1.0", f"1 of 2 workers ({ONE})"]
    assert rows[2] == ["sweep_dask", VERSION, "99.0", "scheduler"]
    assert table[3].split(maxsplit=2)[1:] == [VERSION, f"not installed  1 of 2 workers ({TWO})"]
    assert len(rows) == 4


@pytest.mark.parametrize("who", [SCHEDULER, ONE])
@pytest.mark.parametrize("package", ["dask", "distributed"])
def test_dask_is_that_of_the_client(who, package, monkeypatch):
    """And no function is sent, which might not even be understood there."""
    monkeypatch.setattr(Cluster, "run", pytest.fail)
    monkeypatch.setattr(Cluster, "run_on_scheduler", pytest.fail)
    (_, line) = refusal(**{who: {package: "1.0"}})
    assert line.split()[0] == package
    assert line.split()[2] == "1.0"


@pytest.mark.parametrize("who", [SCHEDULER, ONE])
def test_python_is_that_of_the_client_but_for_the_last_part(who, caplog):
    require_same_versions(Cluster(**{who: {"python": f"{MAJOR}.{MINOR}.{MICRO + 1}.final.0"}}))
    assert caplog.records == []
    (_, line) = refusal(**{who: {"python": f"{MAJOR}.{MINOR + 1}.{MICRO}.final.0"}})
    assert line.split()[:3] == ["Python", f"{MAJOR}.{MINOR}", f"{MAJOR}.{MINOR + 1}"]


@pytest.mark.parametrize("package", SIMILAR)
def test_another_version_of_a_package_is_a_warning_and_none_is_refused(package, caplog):
    require_same_versions(Cluster(**{TWO: {package: "0.1"}}))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"0.1    1 of 2 workers ({TWO})" in record.getMessage()
    (_, line) = refusal(**{TWO: {package: None}})
    assert "not installed" in line


def test_a_list_of_many_workers_is_cut():
    there = {SCHEDULER: {"dask": "1"}} | {f"tcp://{number}": {"dask": "2"} for number in range(8)}
    there["tcp://7"] = {"dask": "1"}
    (found,) = differences({"dask": "1"}, there)
    where = "7 of 8 workers (tcp://0, tcp://1, tcp://2, …)"
    assert found == Difference("dask", "1", "2", where)
    assert as_table([found])[1] == f"dask     1     2      {where}"


def test_what_the_package_imports_is_asked_for():
    """Of the names that are compared, none is misspelt: all are installed here."""
    packages = get_versions(SIMILAR)["packages"]
    assert all(packages[name] for name in SIMILAR)


@pytest.mark.slow
def test_workers_without_the_package_are_refused(tmp_path):
    preload = tmp_path / "without_sweep_dask.py"
    # None in sys.modules makes every import of the name fail.
    preload.write_text("import sys\nsys.modules['sweep_dask'] = None\n")
    with (
        remote_cluster(tmp_path, 1, "--preload", preload) as file,
        Client(address_in(file)) as client,
        pytest.raises(ResourceError, match="does not run what this client runs") as caught,
    ):
        require_same_versions(client)
    (_, line) = caught.value.what.splitlines()[1:]
    assert line.split()[0] == "sweep_dask"
    assert "not installed  1 of 1 worker (tcp://127.0.0.1:" in line


@pytest.mark.slow
def test_code_of_another_version_is_refused_and_leaves_no_output_folder(
    plain_input, tmp_path, monkeypatch
):
    monkeypatch.setattr(versions, "VERSION", "99.0")
    with remote_cluster(tmp_path, 1) as file, Client(address_in(file)) as client:
        with pytest.raises(ResourceError) as caught:
            require_same_versions(client)
        here, there = versions_of(client)
    assert differences(here, there) == []
    (_, line) = caught.value.what.splitlines()[1:]
    assert line.split()[:3] == ["sweep_dask", "99.0", VERSION]
    assert "scheduler, 1 of 1 worker" in line


def answering(**others):
    """A script that makes a worker call itself something else."""
    return (
        "from distributed import versions\n"
        "answer = versions._version_cached\n"
        f"other = {others!r}\n"
        "versions.get_package_info = lambda names: {n: answer(n) for n in names} | "
        "{'python': '%d.%d.%d.final.0' % __import__('sys').version_info[:3]} | other\n"
    )


@pytest.mark.slow
def test_a_worker_that_calls_itself_another_python_is_refused_before_it_gets_a_task(
    plain_input, tmp_path
):
    """Only what it says of itself is another: a real one could not be told anything."""
    preload = tmp_path / "another_python.py"
    preload.write_text(answering(python="3.99.0.final.0"))
    with remote_cluster(tmp_path, 1, "--preload", preload) as file:
        done = run_program(
            *("run", plain_input, "-o", "out", "--scheduler-file", file), cwd=tmp_path
        )
    assert done.returncode == 4, done.stderr
    assert "The cluster does not run what this client runs:" in done.stderr
    assert [line.split()[:3] for line in done.stderr.splitlines() if "Python" in line] == [
        ["Python", f"{MAJOR}.{MINOR}", "3.99"]
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_worker_with_another_pandas_is_named_and_works(plain_input, tmp_path):
    preload = tmp_path / "another_pandas.py"
    preload.write_text(answering(pandas="2.0.9"))
    command = ("plan", plain_input)
    with remote_cluster(tmp_path, 1, "--preload", preload) as file:
        done = run_program(*command, "--scheduler-file", file, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stderr.splitlines() if "pandas" in line)
    assert line.split()[2] == "2.0.9"
    assert "1 of 1 worker (tcp://127.0.0.1:" in line
