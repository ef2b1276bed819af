"""A line for a notebook: a link where IPython is active, nothing elsewhere."""

import pytest

from sweep_dask.dataflow.progress import show


@pytest.fixture
def shell():
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    yield interactive.InteractiveShell.instance()
    interactive.InteractiveShell.clear_instance()


def test_nothing_is_shown_in_a_program(capsys):
    pytest.importorskip("IPython")
    show("Dashboard: ", "http://127.0.0.1:8787/status")
    assert capsys.readouterr() == ("", "")


def test_a_link_where_ipython_is_active(shell):
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        show("Dashboard: ", "http://host/status?<a>")
        show("Waiting for workers: 1 of 2")
    link, line = (output.data for output in captured.outputs)
    assert link["text/html"] == (
        'Dashboard: <a href="http://host/status?&lt;a&gt;" target="_blank" rel="noopener">'
        "http://host/status?&lt;a&gt;</a>"
    )
    assert link["text/plain"] == "Dashboard: http://host/status?<a>"
    assert line["text/html"] == line["text/plain"] == "Waiting for workers: 1 of 2"
