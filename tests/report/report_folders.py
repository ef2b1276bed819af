"""Output folders made by hand, and report pages read back, for the tests of the report."""

from __future__ import annotations

import copy
from html.parser import HTMLParser

import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.analysis.comparison import SWEEP_ORDER_COMPARISON
from sweep_dask.analysis.groups import GROUPS
from sweep_dask.analysis.statistics import SWEEP_STATISTICAL_TESTS
from sweep_dask.report.page import write_report
from sweep_dask.settings import Settings
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.combine import KEY_COLUMNS, result_schema
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import write_manifest

FULL, PART, NONE = GROUPS
DATE, SECURITY = "2024-10-04", 110621

#: A sweep filled for real, one filled by half and one not at all; the last one is filled in the
#: simulation.
THREE_SWEEPS = [
    {"group": FULL, "quantity": 1000, "left": 0, "real": 1000, "simulated": 0},
    {"group": PART, "quantity": 400, "left": 200, "real": 200, "simulated": 0},
    {"group": NONE, "quantity": 300, "left": 300, "real": 0, "simulated": 300},
]


def make_folder(root, sweeps=THREE_SWEEPS, tests=(), **changes):
    """Write tables and a manifest; returns the layout and the manifest, without a format number."""
    layout = OutputLayout(root)
    layout.tables.mkdir(parents=True)
    write_table(
        layout, "sweep_order_comparison", SWEEP_ORDER_COMPARISON, map(comparison_row, sweeps)
    )
    write_table(layout, "sweep_statistical_tests", SWEEP_STATISTICAL_TESTS, map(keyed, tests))
    tables = {layout.relative(path): file_digest(path) for path in layout.tables.iterdir()}
    manifest = make_manifest(sweeps) | {"files": tables} | changes
    write_manifest(layout, manifest)
    return layout, manifest


def write_page(layout, manifest):
    """Write the report and read it back."""
    write_report(layout, manifest)
    return Page(layout.report.read_text(encoding="utf-8"))


def page_of(root, sweeps=THREE_SWEEPS, tests=(), **changes):
    return write_page(*make_folder(root, sweeps, tests, **changes))


def write_table(layout, name, columns, rows):
    schema = pa.schema([*KEY_COLUMNS, *result_schema(columns)])
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, layout.tables / f"{name}.parquet")


def keyed(row):
    return {"date": DATE, "security": SECURITY, "model": "time-priority"} | row


def comparison_row(sweep):
    """A row of the table from what differs between sweeps; ratios as the model defines them."""
    left, real, simulated = sweep["left"], sweep["real"], sweep["simulated"]
    return keyed(
        {
            "orderid": 7_904_794_000_123_498_601,
            "available_quantity": left,
            "group": sweep["group"],
            "real_matched_quantity": real,
            "simulated_matched_quantity": simulated,
            "matched_quantity_diff": simulated - real,
            "real_fill_ratio": real / sweep["quantity"],
            "simulated_fill_ratio": simulated / left if left else 0.0,
            "real_num_matches": float(real > 0),
            "simulated_num_matches": int(simulated > 0),
        }
        | {key: sweep[key] for key in ("date", "security", "model") if key in sweep}
    )


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


def make_manifest(sweeps=()):
    """The manifest of a run that is done, with a partition for each one of the sweeps."""
    keys = [(s.get("date", DATE), s.get("security", SECURITY)) for s in sweeps]
    partitions = [partition_entry(*key, sweeps=keys.count(key)) for key in sorted(set(keys))]
    matches = sum(sweep["simulated"] > 0 for sweep in sweeps)
    return {
        "version": "0.1.0",
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
        "counts": {"orders": 6, "sweeps": len(sweeps), "matches": matches, "steps": 4},
        "partitions": partitions,
        "peak_memory": {"largest_process_bytes": 3 << 20, "all_processes_bytes": 5 << 20},
        "warnings": [],
        "files": {},
    }


class Page(HTMLParser):
    """A report page: its tables by id, its text without scripts, its elements and attributes."""

    def __init__(self, html):
        super().__init__()
        self.html = html
        self.elements = []
        self.attributes = []
        self.tables = {}
        self.ids = set()
        self._words = []
        self._inside = []
        self._rows = None
        self._cell = None
        self.feed(html)
        self.text = " ".join(" ".join(self._words).split())

    def rows(self, table):
        """Cells of the rows of a table that have data in them, as text."""
        return [cells for cells, has_data in self.tables[table] if has_data]

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.elements.append(tag)
        self.attributes += attributes
        self.ids.add(given.get("id"))
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
