"""The dashboard in a real browser while a run works: Dask's pages, and our own."""

import urllib.error
import urllib.request

import pytest
from devtools import Browser
from faults.held_runs import PROGRAM, held

#: Everything in the tables that a page of Dask draws from, as text, once `wanted` is in it.
DRAWN = """(() => {
  const documents = globalThis.Bokeh ? [...globalThis.Bokeh.documents] : [];
  const models = documents.flatMap((document) => [...document._all_models.values()]);
  const tables = models.filter((model) => model.type === "ColumnDataSource");
  const text = JSON.stringify(tables.map((table) =>
    Object.values(table.data).map((column) => [...column])));
  return text.includes(%r) && text;
})()"""

#: What a page of Dask tells of while the second date's first partition waits.
PAGES = {
    "status": "simulate_partitions",
    "workers": "tls://127.0.0.1:",
    "tasks": "ingest_orders",
    "groups": "simulate_partitions",
}


OUR_OWN = 'document.querySelector("#stages tr") && document.body.innerText'


@pytest.mark.slow
def test_pages_tell_of_a_run_that_works(plain_input, tmp_path):
    arguments = [plain_input, "-o", "out", "--workers", "1", "--dashboard-address", "127.0.0.1:0"]
    with (
        Browser(tmp_path / "browser") as tab,
        held(PROGRAM, arguments, tmp_path) as process,
    ):
        line = next(line for line in process.stdout if line.startswith("Dashboard:"))
        address = line.split()[1].removesuffix("/status")
        for page, wanted in PAGES.items():
            assert wanted in tab.look(f"{address}/{page}", DRAWN % wanted), page
        told = tab.look(f"{address}/sweep", OUR_OWN)
        with urllib.request.urlopen(f"{address}/metrics") as answer:
            metrics = answer.read().decode()
        foreign = urllib.request.Request(f"{address}/sweep.json", headers={"Host": "a.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(foreign)
        (tmp_path / "marks/go").touch()
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "of 4" in told
    assert "[1/11] extract orders" in told
    assert "Rows read" in told
    if "metrics are not available" not in metrics:
        assert "sweep_dask_partitions 4.0" in metrics
