"""Pages opened in a real browser, printed by it, and read back."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from html import unescape

import pypdfium2
import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 120

#: The tests look at a page in frames of these widths, as a laptop and a phone have them.
WIDTHS = (1280, 390)

#: Put into a copy of the page: it measures itself, and tells the page that holds its frame.
#: A part that can be scrolled to, and what lies within it, is not beyond the edge.
PROBE = """
<script>
const refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));
const failed = [];
addEventListener("error", (event) => failed.push(event.message));
const name = (element) => element.tagName + "#" + (element.closest("[id]")?.id ?? "") +
  "." + (element.getAttribute("class") ?? "") + " " + element.textContent.trim().slice(0, 30);
const isShown = (element) => element.checkVisibility() && !element.closest(".unseen");
const everything = () => [...document.querySelectorAll("body *")].filter(isShown);
const beyond = () => everything().filter((element) =>
  !element.closest(".scroll > *, pre > *, svg svg") &&
  element.getBoundingClientRect().right > innerWidth + 1).map(name);
const clipped = () => [...document.querySelectorAll(".scroll, pre")].filter((element) =>
  isShown(element) && element.scrollWidth > element.clientWidth + 1).map(name);

const parts = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
const luminance = (rgb) => {
  const linear = rgb.map((part) => part / 255).map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const [red, green, blue, alpha = 1] = parts(getComputedStyle(at).backgroundColor);
    if (alpha === 1 && red !== undefined) return [red, green, blue];
  }
  return [255, 255, 255];
};
const contrast = (colour, behind) => {
  const [low, high] = [luminance(colour), luminance(behind)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
};
const hasText = (element) => [...element.childNodes].some((node) =>
  node.nodeType === Node.TEXT_NODE && node.textContent.trim());
const faint = () => everything().filter(hasText).flatMap((element) => {
  const style = getComputedStyle(element);
  const colour = parts(element instanceof SVGElement ? style.fill : style.color);
  const found = contrast(colour.slice(0, 3), ground(element));
  return found < 4.5 ? [[name(element), Number(found.toFixed(2))]] : [];
});
const faintCurves = () => [...document.querySelectorAll(".plot .curve")].flatMap((curve) => {
  const found = contrast(parts(getComputedStyle(curve).stroke).slice(0, 3), ground(curve));
  return found < 3 ? [[name(curve), Number(found.toFixed(2))]] : [];
});
const column = (number) => [...document.querySelectorAll("#fill-and-cost tbody tr")].map(
  (row) => row.cells[number].dataset.value);
const press = (text) => [...document.querySelectorAll("#fill-and-cost th button")]
  .find((button) => button.textContent === text)?.click();
const sorted = () => {
  press("filled");
  const falling = column(3);
  press("filled");
  const heading = document.querySelector("#fill-and-cost [aria-sort]");
  return {falling, rising: column(3), order: heading && [heading.textContent,
    heading.getAttribute("aria-sort")]};
};
addEventListener("load", () => {
  const found = {width: innerWidth, wide: document.documentElement.scrollWidth,
    beyond: beyond(), clipped: clipped(), faint: faint(), faintCurves: faintCurves(),
    ground: luminance(ground(document.body)), sorted: sorted(), refused,
    loaded: performance.getEntriesByType("resource").map((entry) => entry.name)};
  document.querySelector("#unfold")?.click();
  found.folded = document.querySelectorAll("details:not([open])").length;
  found.beyondUnfolded = beyond();
  found.clippedUnfolded = clipped();
  found.failed = failed;
  parent.postMessage(JSON.stringify(found), "*");
});
</script>
"""

#: Holds the frames, and keeps what they tell.
HOLDER = """<!DOCTYPE html>
<script>
const told = [];
addEventListener("message", (event) => {
  told.push(JSON.parse(event.data));
  document.body.dataset.told = JSON.stringify(told);
});
</script>
<body>%s</body>
"""


def found_browser():
    """The path of a browser; the test is skipped without one, and says so."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"NO BROWSER: the page was not looked at; looked for {', '.join(BROWSERS)}")
    return found


def measured(browser, page, folder, *, dark=False):
    """What a page finds of itself, by the width of its frame."""
    probed, holder = folder / "probed.html", folder / "holder.html"
    text = page.read_text(encoding="utf-8")
    probed.write_text(text.replace("</head>", PROBE + "</head>"), encoding="utf-8")
    frames = (f'<iframe src="probed.html" width="{w}" height="900"></iframe>' for w in WIDTHS)
    holder.write_text(HOLDER % "".join(frames), encoding="utf-8")
    # 0 is dark, 1 is light.
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    dumped, log = _run(
        browser, folder, scheme, "--virtual-time-budget=8000", "--dump-dom", holder.as_uri()
    )
    told = re.search(r'data-told="([^"]*)"', dumped)
    assert told, f"the page was not opened:\n{log}"
    return {one["width"]: one for one in json.loads(unescape(told[1]))}


def printed(browser, page, folder):
    """The text of each page on paper."""
    path = folder / "printed.pdf"
    options = ("--no-pdf-header-footer", f"--print-to-pdf={path}")
    _, log = _run(browser, folder, *options, page.as_uri())
    assert path.exists(), f"the page was not printed:\n{log}"
    with pypdfium2.PdfDocument(path) as document:
        return [sheet.get_textpage().get_text_bounded() for sheet in document]


def _run(browser, folder, *options):
    """What a browser writes to its output and to its log."""
    always = [
        *["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        *["--disable-background-networking", "--disable-component-update", "--disable-sync"],
        *["--enable-logging=stderr", "--window-size=1800,1200"],
    ]
    process = subprocess.Popen(
        [browser, *always, f"--user-data-dir={folder / 'profile'}", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        _end_session(process)


def _end_session(process):
    """End the browser and its children, by the id of the session they were started in."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
