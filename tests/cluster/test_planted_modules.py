"""What lies in the current folder is data: no process of a run imports it."""

from html.parser import HTMLParser

import pytest
from running import run_program

#: What a child asks for first, and what libraries ask for later.
NAMES = ("multiprocessing", "json", "signal", "bokeh", "tornado")


@pytest.mark.slow
def test_modules_in_the_current_folder_are_not_imported(plain_input, tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"open({name!r}, 'w')\nraise ImportError\n")
    # As an installed program: its own folder is where it imports from, not the current one.
    program = tmp_path / "bin/sweep-dask"
    program.parent.mkdir()
    program.write_text("from sweep_dask.cli import main\nif __name__ == '__main__': main()\n")
    done = run_program(
        *("run", plain_input, "-o", "out", "--workers", "1", "--profile"),
        cwd=tmp_path,
        program=(program,),
    )
    assert done.returncode == 0, done.stderr
    assert not [name for name in NAMES if (tmp_path / name).exists()]
    pages = {page.name: page for page in (tmp_path / "out/logs/profile").iterdir()}
    assert pages.keys() == {"index.html", "flame.html", "dask.html"}
    assert "Dask Performance Report" in pages["dask.html"].read_text(encoding="utf-8")
    # What was at work when a sample was taken is chance; that something was is not.
    assert "<rect " in pages["flame.html"].read_text(encoding="utf-8")
    for page in pages.values():
        needs_nobody_else(page.read_text(encoding="utf-8"))


def needs_nobody_else(page):
    """A page that opens offline."""
    loaded = _Loaded()
    loaded.feed(page)
    assert loaded.addresses == []


class _Loaded(HTMLParser):
    """Addresses a browser asks for when it opens a page."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attributes):
        names = {"script": "src", "link": "href", "img": "src", "iframe": "src"}
        address = dict(attributes).get(names.get(tag, ""))
        if address and not address.startswith(("data:", "#")):
            self.addresses.append(address)
