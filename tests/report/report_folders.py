"""Manifests made by hand, and report pages read back, for the tests of the report."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser

from sweep_dask.report.page import report_page
from sweep_dask.settings import Settings
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import write_manifest
from sweep_dask.version import VERSION

DATE, SECURITY = "2024-10-04", 110621


def make_bare_folder(root, **changes):
    """A folder with a manifest and no tables, as an older version or an early end leaves it."""
    layout, manifest = OutputLayout(root), make_manifest() | changes
    layout.tables.mkdir(parents=True)
    write_manifest(layout, manifest)
    return layout, manifest


def write_report(layout, manifest):
    layout.report.write_text(report_page(layout, manifest), encoding="utf-8")


def write_page(layout, manifest):
    """Write the report and read it back."""
    write_report(layout, manifest)
    return Page(layout.report.read_text(encoding="utf-8"))


def bare_page(root, **changes):
    return write_page(*make_bare_folder(root, **changes))


def partition_entry(date=DATE, security=SECURITY, state="computed", reason=None, sweeps=0):
    counts = {"orders_rows": 9, "orders": 6, "sweeps": sweeps, "matches": 1, "steps": 4}
    return {
        "date": date,
        "security": security,
        "state": state,
        "fingerprint": "sha256:0",
        "seconds": 0.25,
        "reason": reason,
        "counts": {} if state == "failed" else counts,
        "covered": state != "failed",
    }


def ledger_entry(file, table, read, kept, filtered=None, rejected=None):
    return {
        "file": file,
        "table": table,
        "read": read,
        "kept": kept,
        "filtered": filtered or {},
        "rejected": rejected or {},
    }


#: Balanced: 9 = 6 + 2 + 1.
LEDGER = [
    ledger_entry("orders/a.csv", "orders", 9, 6, {"not_centre_point": 2}, {"not_a_number": 1}),
    ledger_entry("trades/a.csv", "trades", 5, 5),
    ledger_entry("nbbo/a.csv", "nbbo", 7, 7),
]


def make_manifest():
    """The manifest of a run that is done."""
    return {
        "version": VERSION,
        "command": "run",
        "started": "2024-10-08T01:02:03+00:00",
        "status": "done",
        "input": "data/raw",
        "sample": False,
        "settings": Settings().as_json() | {"workers": {"value": 2, "source": "command line"}},
        "machine": {"cpu_count": 4, "available_memory_bytes": 8 << 30, "defaults_used": False},
        "inputs": [],
        "ledger": copy.deepcopy(LEDGER),
        "stages": [{"name": "plan", "seconds": 0.1}, {"name": "ingest", "seconds": 754.0}],
        "model_stages": [{"stage": 1, "name": "extract orders", "task_seconds": 2.5}],
        "counts": {"orders": 6, "sweeps": 3, "matches": 1, "steps": 4},
        "partitions": [partition_entry(sweeps=3)],
        "peak_memory": {"largest_process_bytes": 3 << 20, "all_processes_bytes": 5 << 20},
        "warnings": [],
        "files": {},
    }


class Page(HTMLParser):
    """A report page: tables by id, numbers by key, text without scripts, elements, attributes."""

    def __init__(self, html):
        super().__init__()
        self.html = html
        self.elements = []
        self.attributes = []
        self.tables = {}
        self.numbers = {}
        self.ids = set()
        self._words = []
        self._inside = []
        self._rows = None
        self._cell = None
        self.feed(html)
        # Elements are set apart by a space, which no sentence has before its punctuation.
        spaced = " ".join(" ".join(self._words).split())
        self.text = re.sub(r"(?<=\() | (?=[),.;])", "", spaced)

    def rows(self, table):
        """Cells of the rows of a table that have data in them, as text."""
        return [cells for cells, has_data in self.tables[table] if has_data]

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.elements.append(tag)
        self.attributes += attributes
        self.ids.add(given.get("id"))
        if "data-key" in given:
            self._take_number(given["data-key"], given["data-value"])
        if tag in ("script", "style"):
            self._inside.append(tag)
        elif tag == "table":
            self._rows = self.tables.setdefault(given.get("id"), [])
        elif tag == "tr":
            self._rows.append(([], False))
        elif tag in ("td", "th"):
            self._cell = []
            if tag == "td":
                self._rows[-1] = (self._rows[-1][0], True)

    def _take_number(self, key, exact):
        """The same key is always the same number."""
        value = float(exact) if exact else None
        assert self.numbers.setdefault(key, value) == value, key

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._inside.pop()
        elif tag in ("td", "th"):
            self._rows[-1][0].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data):
        if not self._inside:
            self._words.append(data)
            if self._cell is not None:
                self._cell.append(data)
