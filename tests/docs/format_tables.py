"""The tables of docs/file_formats.md, from what the files of a run say of their own columns.

`python tests/docs/format_tables.py docs/file_formats.md RESULTS REPLAY REJECTING` renews them.
"""

from __future__ import annotations

import sys
from itertools import takewhile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HEAD = "| Column | Type | Unit | Meaning |"
_TYPES = {"double": "float64", "string": "str"}
_KEYS = ("date", "security", "model", "scenario")
#: The columns of which stand in the section of another file.
_STATES = "orders_with_simulated_metrics"
#: Of which the page has only those that every input has.
_OPEN_ENDED = {
    "reference": "Sequence TradeDate DecimalsInPrice Id MarketId date",
    "participants": "Sequence TradeDate Id date",
}


def files_of(results, replayed, rejecting):
    """Heading -> a file that it is about."""
    found = {path.stem: path for path in (results / "processed").rglob("*.parquet")}
    found |= {path.stem: path for path in (results / "outputs").rglob("*.parquet")}
    found |= {path.stem: path for path in (results / "tables/rollups").glob("*.parquet")}
    for path in (results / "outputs").rglob("*.csv"):
        found[path.stem] = next((results / "tables" / f"{path.stem}.parquet").iterdir())
    found["summaries"] = next((results / "tables" / "summaries").iterdir())
    found["rejects/{table}.parquet"] = rejecting / "rejects" / "orders.parquet"
    found["replay/replay_matches.parquet"] = replayed / "replay_matches.parquet"
    return found


def table_of(heading, schema, is_of_nine):
    """The lines of a table."""
    fields = [field for field in schema if not (is_of_nine and field.name in _KEYS)]
    if heading == _STATES:
        fields = [field for field in fields if field.name.startswith("simulated_")]
    if heading in _OPEN_ENDED:
        fields = [field for field in fields if field.name in _OPEN_ENDED[heading].split()]
    return [HEAD, "|---|---|---|---|", *map(_row, fields)]


def _row(field):
    unit, meaning = (field.metadata[key].decode() for key in (b"unit", b"description"))
    cells = (f"`{field.name}`", type_of(field), unit, meaning)
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def type_of(field):
    """As the page calls it."""
    if pa.types.is_dictionary(field.type):
        return "category"
    return _TYPES.get(str(field.type), str(field.type))


def renewed(page, files):
    """The page with all tables below headings of files as the files have them."""
    lines, heading, made = page.splitlines(), "", []
    while lines:
        line = lines.pop(0)
        if line.startswith("#"):
            heading = line.strip("#` ")
        if line == HEAD and heading in files:
            path = files[heading]
            is_of_nine = path.parent.suffix == ".parquet"
            made += table_of(heading, pq.read_schema(path), is_of_nine)
            del lines[: len(list(takewhile(lambda one: one.startswith("|"), lines)))]
        else:
            made.append(line)
    return "\n".join(made) + "\n"


if __name__ == "__main__":
    target, *folders = map(Path, sys.argv[1:])
    text = renewed(target.read_text(encoding="utf-8"), files_of(*folders))
    target.write_text(text, encoding="utf-8")
