"""A report that cannot be drawn costs nothing but the report."""

import json

import pytest
from running import invoke


@pytest.mark.parametrize("error", [ZeroDivisionError("a chart"), KeyError("a key")])
def test_a_report_that_fails_is_a_warning_and_is_drawn_later(
    plain_input, tmp_path, monkeypatch, error
):
    def fail(*_):
        raise error

    output = tmp_path / "out"
    run = ("run", plain_input, "-o", output, "--no-parallel", "--json")
    assert invoke(*run).exit_code == 0
    first = (output / "report.html").read_bytes()
    monkeypatch.setattr("sweep_dask.report.page.page_content", fail)
    done = invoke(*run)
    assert done.exit_code == 0, done.stderr
    assert "the report could not be drawn" in done.stderr
    assert json.loads((output / "manifest.json").read_text())["status"] == "done"
    assert not (output / "report.html").exists()  # it would be of the run before
    monkeypatch.undo()
    assert invoke("report", output).exit_code == 0
    assert b"kept" in (output / "report.html").read_bytes() != first
    verified = invoke("verify", output)
    assert verified.exit_code == 0, verified.stdout
