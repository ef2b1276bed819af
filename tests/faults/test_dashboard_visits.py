"""Somebody looks at the dashboard while a run works: it costs the run nothing."""

import json
import shutil
import urllib.request

import pytest
from bokeh.client import pull_session
from faults.held_runs import PROGRAM, held
from running import result_files

#: `/groups` is the one that is known to fail over task groups of ours, in the process of the run.
PAGES = ("groups", "status", "profile")


def address_of(process):
    """Of the dashboard, as the run prints it."""
    line = next(line for line in process.stdout if line.startswith("Dashboard:"))
    return line.split()[1].removesuffix("/status")


def visit(page):
    """As a browser does: the page, then its websocket; an error of the page is its own."""
    with urllib.request.urlopen(page) as answer:
        assert b"bokeh" in answer.read()
    session = pull_session(url=page)
    assert session.document.roots
    session.close()


@pytest.mark.slow
def test_a_run_again_whose_dashboard_is_looked_at(plain_input, plain_result, tmp_path):
    output = tmp_path / "out"
    shutil.copytree(plain_result.output, output)
    arguments = [plain_input, "-o", "out", "--fresh", "--dashboard-address", "127.0.0.1:0"]
    with held(PROGRAM, [*arguments, "--workers", "1", "--profile"], tmp_path) as process:
        address = address_of(process)
        for page in PAGES:
            visit(f"{address}/{page}")
        # Of the run before it is said that it is done, and this one is not.
        assert json.loads((output / "manifest.json").read_text())["status"] == "running"
        (output / "report.html").unlink()
        (tmp_path / "marks/go").touch()
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "could not be" not in errors
    assert (output / "report.html").exists()
    assert result_files(output) == result_files(plain_result.output)
    assert json.loads((output / "manifest.json").read_text())["status"] == "done"
