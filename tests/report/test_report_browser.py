"""The report in a real browser: the charts are drawn, offline, and nothing is complained about."""

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress

import pytest
from centre_point_folders import (
    drawn_sweeps,
    make_fidelity,
    make_scenario_folder,
    write_fidelity,
)
from report_folders import THREE_SWEEPS, make_folder

from sweep_dask.report.page import write_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 120

#: Put at the end of a copy of the page. Bokeh draws into shadow trees, which a dumped document
#: leaves out, so the page looks for itself: how many colours does each canvas show, and what did
#: the browser load or refuse?
PROBE = """
<script>
const refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));
const canvases = (root) => [...root.querySelectorAll("*")].flatMap((element) => [
  ...(element.tagName === "CANVAS" ? [element] : []),
  ...(element.shadowRoot ? canvases(element.shadowRoot) : []),
]);
const colours = (canvas) => {
  const {width, height} = canvas;
  if (width * height === 0) return 0;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  return new Set(new Uint32Array(pixels.buffer)).size;
};
setTimeout(() => {
  const found = {};
  for (const place of document.querySelectorAll(".chart")) {
    found[place.id] = Math.max(0, ...canvases(place).map(colours));
  }
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const wide = document.documentElement.scrollWidth - innerWidth;
  document.body.dataset.probe = JSON.stringify({found, loaded, refused, wide});
}, 3000);
</script>
"""


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"NO BROWSER: the charts were not looked at; looked for {', '.join(BROWSERS)}")
    return found


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """The document as the browser has it, and what it wrote to its log."""
    folder = tmp_path_factory.mktemp("browser")
    layout, manifest = make_folder(folder / "out", THREE_SWEEPS)
    write_report(layout, manifest)
    page = folder / "probed.html"
    page.write_text(layout.report.read_text(encoding="utf-8") + PROBE, encoding="utf-8")
    return open_page(browser, page, folder / "profile")


def open_page(browser, page, profile):
    """Dump the document after eight seconds of the browser's own, virtual time."""
    options = [
        *["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        *["--disable-background-networking", "--disable-component-update", "--disable-sync"],
        *["--enable-logging=stderr", "--window-size=1280,2400", "--virtual-time-budget=8000"],
    ]
    process = subprocess.Popen(
        [browser, *options, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        end_session(process)


def end_session(process):
    """End the browser and its children, by the id of the session they were started in."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def probe(opened):
    dumped = re.search(r'data-probe="([^"]*)"', opened[0])
    assert dumped, f"the page was not opened:\n{opened[1]}"
    return json.loads(dumped[1].replace("&quot;", '"'))


def test_both_charts_are_drawn(opened, probe):
    # A blank canvas has one colour; bars, lines and grid have many.
    assert probe["found"].keys() == {"matched-quantity", "fill-ratio"}
    assert all(colours > 5 for colours in probe["found"].values())
    assert opened[0].count('class="bk-Figure') == 2
    assert "The chart needs JavaScript" not in opened[0]


def test_nothing_is_loaded_or_refused(probe):
    assert probe["loaded"] == []
    assert probe["refused"] == []


def test_page_is_no_wider_than_a_laptop(probe):
    assert probe["wide"] <= 0


def test_scripts_do_not_fail(opened):
    assert not re.search(r"CONSOLE.*(Uncaught|Refused|Error)", opened[1])


@pytest.fixture(scope="module")
def opened_scenarios(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser-scenarios")
    layout, manifest = make_scenario_folder(folder / "out", drawn_sweeps(200))
    write_fidelity(layout.root / "replay", make_fidelity(), inputs=manifest["inputs"])
    write_report(layout, manifest)
    page = folder / "probed.html"
    page.write_text(layout.report.read_text(encoding="utf-8") + PROBE, encoding="utf-8")
    return open_page(browser, page, folder / "profile")


def test_scenarios_and_fidelity_in_a_browser(opened_scenarios):
    dumped = re.search(r'data-probe="([^"]*)"', opened_scenarios[0])
    assert dumped, f"the page was not opened:\n{opened_scenarios[1]}"
    probe = json.loads(dumped[1].replace("&quot;", '"'))
    assert probe["found"].keys() == {"filled-by-venue", "matched-quantity", "fill-ratio"}
    assert all(colours > 5 for colours in probe["found"].values())
    assert probe["loaded"] == probe["refused"] == []
    assert probe["wide"] <= 0
    assert "The chart needs JavaScript" not in opened_scenarios[0]
    assert not re.search(r"CONSOLE.*(Uncaught|Refused|Error)", opened_scenarios[1])
