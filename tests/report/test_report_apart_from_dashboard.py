"""Charts of the report beside a dashboard in the same process that has failed."""

import bokeh.io.doc
import pytest
from bokeh.document import Document
from bokeh.io.doc import curdoc, patch_curdoc

from sweep_dask.report.drawing import drawing, new_figure


def chart():
    figure = new_figure()
    figure.line([1, 2], [3, 4], legend_label="a line")
    return drawing(figure)


def break_a_page():
    """As a page of a dashboard whose callback raises: its document stays the current one."""
    page = Document()
    with pytest.raises(LookupError), patch_curdoc(page):
        raise LookupError
    page.callbacks.destroy()  # the session of the page ends
    return page


def test_a_failed_dashboard_page_does_not_reach_the_report(monkeypatch):
    monkeypatch.setattr(bokeh.io.doc, "_PATCHED_CURDOCS", [])
    undisturbed = chart()
    page = break_a_page()
    assert curdoc() is page
    assert chart() == undisturbed


def test_nor_does_one_whose_document_is_gone(monkeypatch):
    monkeypatch.setattr(bokeh.io.doc, "_PATCHED_CURDOCS", [])
    undisturbed = chart()
    break_a_page()
    with pytest.raises(RuntimeError, match="destroyed"):
        curdoc()
    assert chart() == undisturbed
