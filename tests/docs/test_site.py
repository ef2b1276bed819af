"""The documentation as a site: it builds without a warning, and opens without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from running import ROOT

import sweep_dask

pytest.importorskip("material")
pytest.importorskip("mkdocstrings")

#: Attributes from which a browser loads something when it shows the page.
_LOADING = {"script": "src", "img": "src", "iframe": "src", "link": "href"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built strictly: a link, an anchor or a page that does not exist ends the build."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


class Loads(HTMLParser):
    """Addresses from which a page loads."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        address = dict(attrs).get(_LOADING.get(tag, ""))
        if address and dict(attrs).get("rel") not in ("canonical", "next", "prev"):
            self.found.append(address)


def test_pages_load_nothing_from_elsewhere(site):
    pages = sorted(site.glob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = Loads(page.read_text(encoding="utf-8")).found
        assert loaded
        assert [address for address in loaded if "//" in address] == [], page.name


def test_styles_load_nothing_from_elsewhere(site):
    for style in site.rglob("*.css"):
        loaded = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", style.read_text("utf-8"))
        assert [address for address in loaded if address.startswith(("http", "//"))] == []


def test_every_public_name_has_its_entry(site):
    page = (site / "api.html").read_text(encoding="utf-8")
    for name in sweep_dask.__all__:
        if name != "__version__":
            assert re.search(rf'id="sweep_dask\.(\w+\.)*{name}"', page), name


def test_pages_that_stand_elsewhere_are_there_with_their_links(site):
    page = (site / "match.html").read_text(encoding="utf-8")
    assert 'href="rules.html"' in page
    assert (site / "rules.html").exists()
    assert (site / "notebooks" / "quick_start.ipynb").exists()


def test_links_of_the_front_page_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!\w+:)([^)#]+)", text)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_the_search_works_from_disk(site):
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *("--virtual-time-budget=20000", f"{(site / 'index.html').as_uri()}?q=preferencing"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    (count,) = re.findall(r"(\d+) matching documents", done.stdout)
    assert int(count) > 3
