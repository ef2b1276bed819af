"""Output folders that earlier versions wrote, kept in `tests/versions`, are of use as ever."""

import tarfile
from functools import partial
from pathlib import Path

import markets
import pyarrow.parquet as pq
import pytest
from faults.deaths import dies
from running import as_printed, invoke, result_files, run_here

import sweep_dask
from sweep_dask.errors import InputError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest
from sweep_dask.study.rebuild import forget, rebuild_report
from sweep_dask.study.summary import describe_run
from sweep_dask.study.verify import verify_output

pytestmark = pytest.mark.slow

KEPT = Path(__file__).parents[1] / "versions"
FIRST, SECOND, THIRD = "2024-10-04", "2024-10-07", "2024-10-08"


@pytest.fixture(params=sorted(path.name for path in KEPT.glob("*.tar.xz")))
def layout(request, tmp_path):
    with tarfile.open(KEPT / request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    return OutputLayout(tmp_path / request.param.removesuffix(".tar.xz"))


def market(*dates):
    return markets.plain_market(securities=(101,), dates=dates, sweeps=2)


@pytest.fixture
def source(tmp_path):
    """What the folders are made of."""
    return market(FIRST, SECOND).write(tmp_path / "input")


def run(source, layout, **settings):
    return run_here(source, layout.root, enable_parallel=False, **settings)


def findings(layout):
    return [finding.where for finding in verify_output(layout)[1]]


def dates_in(layout, **states):
    """Dates of the partitions with this in their entries."""
    found = read_manifest(layout)["partitions"]
    return [p["date"] for p in found if all(p[name] == state for name, state in states.items())]


def files_of(layout, date):
    """Of the partitions of a date."""
    files = result_files(layout.root).items()
    return {
        name: digest for name, digest in files if date in name and not name.startswith("tables/")
    }


def test_it_is_loaded_verified_and_reported(layout):
    result = sweep_dask.load(layout.root)
    assert len(result.table("orders_with_simulated_metrics")) > 0
    assert findings(layout) == ["report.html"]  # not kept with it
    rebuild_report(layout)
    assert findings(layout) == []
    assert sweep_dask.load(layout.root).report.is_file()


def test_tables_that_mean_something_else_are_refused_and_not_shown(layout):
    result = sweep_dask.load(layout.root)
    for read in (result.summary, partial(result.differences, "rest-dark")):
        with pytest.raises(InputError, match="other names of columns or signs of costs"):
            read()
    assert "There is no answer" in result._repr_html_()
    page = rebuild_report(layout).read_text(encoding="utf-8")
    assert "The outcome in 2 of 2 partitions in the folder" in page
    assert "the input holds no sweep order" not in page
    assert dates_in(layout, covered=True) == []


def but_receipts(files):
    """A partition that is kept keeps its receipt, in the form of its time."""
    return {name: digest for name, digest in files.items() if not name.endswith("receipt.json")}


@pytest.fixture(scope="module")
def new_results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new")
    new = OutputLayout(folder / "output")
    run(market(FIRST, SECOND).write(folder / "input"), new)
    return result_files(new.root)


@pytest.mark.parametrize("settings", [{}, {"fresh": True}])
def test_the_same_run_again_leaves_what_it_leaves_in_a_new_folder(
    source, layout, new_results, settings
):
    assert run(source, layout, **settings).exit_code == 0
    assert but_receipts(result_files(layout.root)) == but_receipts(new_results)
    assert findings(layout) == []
    assert dates_in(layout, covered=True) == [FIRST, SECOND]


def test_a_day_more_loses_nothing_and_tables_say_what_they_cover(layout, tmp_path, monkeypatch):
    monkeypatch.setitem(markets.OPENING_NS, THIRD, markets.OPENING_NS[SECOND] + 86_400 * 10**9)
    source = market(FIRST, SECOND, THIRD).write(tmp_path / "more")
    before = {date: files_of(layout, date) for date in (FIRST, SECOND)}
    result = run(source, layout, dates=THIRD)
    assert result.exit_code == 0
    assert {date: files_of(layout, date) for date in (FIRST, SECOND)} == before
    assert dates_in(layout) == [FIRST, SECOND, THIRD]
    covered = dates_in(layout, covered=True)
    table = pq.read_table(layout.table("sweep_metrics"), columns=["date"])
    assert sorted(set(map(str, table["date"].to_pylist()))) == covered
    assert THIRD in covered
    aside = 3 - len(covered)
    told = as_printed(describe_run(result.record, layout.root))
    assert "2 of earlier runs stay in the folder" in told
    assert (f"{aside} of them are not in tables and report" in told) is bool(aside)
    assert findings(layout) == []


def test_a_date_of_it_is_forgotten(layout):
    before = files_of(layout, SECOND)
    assert forget(layout, [FIRST], []).left == 1
    assert files_of(layout, FIRST) == {}
    assert files_of(layout, SECOND) == before
    assert findings(layout) == []
    assert dates_in(layout, covered=True) == []
    assert invoke("forget", layout.root, "--dates", SECOND).exit_code == 0
    assert result_files(layout.root) == {}


#: Those in which a table is a file.
OF_FILES = ["manifest-of-a-folder.tar.xz", "manifest-of-a-run.tar.xz"]


@pytest.mark.parametrize("layout", OF_FILES, indirect=True)
@pytest.mark.parametrize("call", [3, 9, 17, 28])
def test_a_run_that_is_killed_where_a_table_becomes_a_folder_goes_on(layout, source, call):
    assert (layout.tables / "sweep_metrics.parquet").is_file()
    point = "a file or folder is moved"
    assert dies(lambda: run(source, layout, fresh=True), point, call)
    assert run(source, layout).exit_code == 0
    assert findings(layout) == []
    assert (layout.tables / "sweep_metrics.parquet").is_dir()
