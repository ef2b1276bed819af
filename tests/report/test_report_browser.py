"""The report in a real browser: charts are drawn, tables sort, offline and without a complaint."""

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress

import pytest
from replay_folders import make_fidelity, write_fidelity
from report_folders import write_report

from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 120

#: Charts of every run with sweeps.
CHARTS = {
    *("filled-by-venue", "distribution-fill_ratio", "example-sweep"),
    *("distribution-implementation_shortfall_bps", "resources-rss_mib", "resources-cpu_percent"),
}
RESOURCES = """time,process,cpu_percent,rss_bytes,system_available_bytes
1.0,client,0.0,300000000,1
2.0,client,90.0,310000000,1
"""

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
const column = (number) =>
  [...document.querySelectorAll("#fill-and-cost tbody tr")].map(
    (row) => row.cells[number].dataset.value);
const headings = () => [...document.querySelectorAll("#fill-and-cost th button")];
const press = (text) => headings().find((button) => button.textContent === text).click();
setTimeout(() => {
  const found = {};
  for (const place of document.querySelectorAll(".chart")) {
    found[place.id] = Math.max(0, ...canvases(place).map(colours));
  }
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const wide = document.documentElement.scrollWidth - innerWidth;
  press("filled");
  const falling = column(3);
  press("filled");
  const rising = column(3);
  const sorted = document.querySelector("#fill-and-cost [aria-sort]");
  const order = [sorted.textContent, sorted.getAttribute("aria-sort")];
  dispatchEvent(new Event("beforeprint"));
  const folded = document.querySelectorAll("details:not([open])").length;
  document.body.dataset.probe = JSON.stringify(
    {found, loaded, refused, wide, falling, rising, order, folded});
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
def opened(browser, plain_result, tmp_path_factory):
    """The document of a run with a replay as the browser has it, and what it wrote to its log."""
    folder = tmp_path_factory.mktemp("browser")
    layout = OutputLayout(shutil.copytree(plain_result.output, folder / "out"))
    manifest = read_manifest(layout)
    write_fidelity(layout.root / "replay", make_fidelity(), inputs=manifest["inputs"])
    layout.resources_log.write_text(RESOURCES, encoding="utf-8")
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


def test_charts_are_drawn(opened, probe):
    # A blank canvas has one colour; bars, lines and grid have many.
    assert probe["found"].keys() >= CHARTS
    assert all(colours > 5 for colours in probe["found"].values())
    assert opened[0].count('class="bk-Figure') == len(probe["found"])
    assert "The chart needs JavaScript" not in opened[0]


def test_nothing_is_loaded_or_refused(probe):
    assert probe["loaded"] == []
    assert probe["refused"] == []


def test_page_is_no_wider_than_a_laptop(probe):
    assert probe["wide"] <= 0


def test_scripts_do_not_fail(opened):
    assert not re.search(r"CONSOLE.*(Uncaught|Refused|Error)", opened[1])


def test_a_heading_sorts_and_a_second_click_turns_the_order_around(probe):
    falling = [int(value) for value in probe["falling"]]
    assert falling == sorted(falling, reverse=True)
    assert [int(value) for value in probe["rising"]] == sorted(falling)
    assert probe["order"] == ["filled", "ascending"]


def test_folded_parts_are_printed(probe):
    assert probe["folded"] == 0
