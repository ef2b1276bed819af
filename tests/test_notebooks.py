"""Every notebook runs from the first cell to the last, in a process and a folder of its own."""

import os
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: The one that needs real data, and where they lie.
STUDY = ROOT / "notebooks" / "real_morning.ipynb"
MORNING = ROOT / ".." / "shared" / "data" / "drr_20240905_morning"

pytestmark = pytest.mark.slow


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Runs a notebook; returns it with its outputs."""
    # This checkout, an empty working folder and a temporary folder of the test's own.
    known = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), known))))
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def run(path):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        client = nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
        )
        client.execute()
        assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
        return notebook

    return run


def outputs(notebook):
    return [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]


def printed(notebook):
    return "".join(out.text for out in outputs(notebook) if out.get("name") == "stdout")


def shown(notebook):
    return "".join(out.data.get("text/html", "") for out in outputs(notebook) if "data" in out)


def test_the_notebooks_are_those_that_are_tested_here():
    names = ["quick_start.ipynb", "real_morning.ipynb", "tables_with_duckdb.ipynb"]
    assert [path.name for path in NOTEBOOKS] == names


def test_the_quick_start_answers(execute):
    notebook = execute(ROOT / "notebooks" / "quick_start.ipynb")
    assert "sweeps arrived in continuous trading." in printed(notebook)
    assert "Run</strong>: done" in shown(notebook)
    assert "the built-in sample market" in shown(notebook)
    assert "Rows, Sydney time" in shown(notebook)


def test_the_tables_answer_in_sql(execute):
    pytest.importorskip("duckdb")
    text = printed(execute(ROOT / "notebooks" / "tables_with_duckdb.ipynb"))
    assert "rows of by_hour are what the sweeps add up to." in text


def test_a_study_without_data_says_so_and_does_nothing(execute, monkeypatch, tmp_path):
    monkeypatch.setenv("SWEEP_STUDY_INPUT", str(tmp_path / "nothing"))
    notebook = execute(STUDY)
    assert printed(notebook).startswith("SKIPPED: there is no real data to study.")
    assert len(outputs(notebook)) == 1


def choices_of_the_report(folder):
    """How many the report of a study says that it looked at."""
    (page,) = folder.glob("sweep-study-*/report.html")
    return int(re.search(r"Looked at under ([0-9]+) choices", page.read_text(encoding="utf-8"))[1])


def test_a_study_of_several_days_answers(execute, monkeypatch, tmp_path):
    # Made up, but with more than one day and security.
    monkeypatch.setenv("SWEEP_STUDY_INPUT", str(ROOT / "sweep_dask" / "sample" / "market"))
    text = printed(execute(STUDY))
    assert "SKIPPED" not in text
    assert "security-days only." in text
    assert f"looked at under {choices_of_the_report(tmp_path)} choices:" in text
    (folder,) = tmp_path.glob("sweep-study-*")
    verdicts = pq.read_table(folder / "tables" / "rollups" / "verdicts.parquet").to_pylist()
    for row in verdicts:
        if row["metric"] == "fill_ratio":
            smallest, largest = (100 * row[name] for name in ("smallest", "largest"))
            assert f"over all choices {smallest:+.1f} to {largest:+.1f}: " in text


def test_the_study_of_the_real_morning_answers(execute, monkeypatch, tmp_path):
    if not MORNING.exists():
        pytest.skip("the real morning is not here")
    monkeypatch.delenv("SWEEP_STUDY_INPUT", raising=False)
    notebook = execute(STUDY)
    text = printed(notebook)
    assert "Of 182 dark matches on the tape 153 are predicted exactly," in text
    assert "drawing lots:" in text
    # Each scenario has an answer, and a word on whether it is more than chance.
    for scenario in ("dual-post", "rest-dark", "dark-only"):
        assert f"{scenario}: the fill ratio of a sweep is" in text
        in_short = text.partition("Taken for granted:")[2]
        assert f"\n{scenario}: fill ratio not decided (1 security-day of the 10" in in_short
    assert f"looked at under {choices_of_the_report(tmp_path)} choices:" in text
    assert "All of it for 1 security-day only." in text
    assert "Replay</strong>: done" in shown(notebook)
