"""Every column of every table that a run or a replay leaves has its entry, in its place."""

from __future__ import annotations

import csv
import re
from itertools import takewhile

import pyarrow.parquet as pq
import pytest
from format_tables import files_of, renewed, type_of
from running import ROOT, run_here

from sweep_dask.settings import load_settings
from sweep_dask.study.replay import replay

#: By the ending of a name.
_UNITS = {
    "ns": {"ns UTC"},
    "aud": {"AUD"},
    "bps": {"bps"},
    "seconds": {"s"},
    "x2": {"0.05 cent", "shares \u00d7 0.05 cent"},
    "price": {"0.1 cent"},
    "pct": {"%"},
}


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def entries(text, heading):
    """[(column, type or None)] of the first table behind a heading."""
    below = text[text.index(f"\n{heading}\n") + 1 :].splitlines()
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in takewhile(lambda line: line.startswith("|"), _from_table(below))
    ]
    has_types = rows[0][1] == "Type"
    return [
        (column, row[1] if has_types else None)
        for row in rows[2:]
        for column in re.findall(r"`([^`]+)`", row[0])
    ]


def _from_table(lines):
    return lines[next(k for k, line in enumerate(lines) if line.startswith("|")) :]


def columns(path):
    """[(column, type)] of a Parquet file."""
    return [(field.name, type_of(field)) for field in pq.read_schema(path)]


def formats(heading):
    return entries(page("file_formats.md"), heading)


@pytest.fixture(scope="module")
def folder(reader_folder, tmp_path_factory):
    """Results of a run, of a replay, and of a run with rejected rows."""
    output = tmp_path_factory.mktemp("formats")
    replay(
        load_settings({"output": str(output), "enable_parallel": False, "progress": False}, {},
                      output),
        str(reader_folder / "market"),
        ablations=False,
    )  # fmt: skip
    rejecting = output / "rejecting"
    run_here(reader_folder / "bad-times", rejecting, enable_parallel=False, max_bad_fraction=0.5,
             models="time-priority")  # fmt: skip
    return reader_folder / "results", output / "replay", rejecting


def test_the_page_is_what_the_files_say(folder):
    text = page("file_formats.md")
    again = f"python tests/docs/format_tables.py docs/file_formats.md {' '.join(map(str, folder))}"
    assert renewed(text, files_of(*folder)) == text, f"`{again}` renews it"


def test_every_file_has_a_section(folder):
    headings = set(re.findall(r"^### `(.*)`$", page("file_formats.md"), re.MULTILINE))
    same = {"orders_before_matching", "orders_after_matching"}
    without = {stem for stem in files_of(*folder) if stem.startswith("by_")} - {
        "by_all",
        "by_choice",
    }
    assert set(files_of(*folder)) - same - without == headings - {"logs/resources.csv"}


def schemas(folder):
    paths = [path for one in folder for path in one.rglob("*.parquet") if path.is_file()]
    assert len(paths) > 100
    return {path: pq.read_schema(path) for path in paths}


def test_every_column_of_every_file_says_its_unit_and_meaning(folder):
    for path, schema in schemas(folder).items():
        for field in schema:
            assert field.metadata.keys() >= {b"unit", b"description"}, (path, field.name)
            assert field.metadata[b"description"], (path, field.name)
            suffix = field.name.rpartition("_")[2]
            unit = _UNITS.get(suffix)
            assert unit is None or field.metadata[b"unit"].decode() in unit, (path, field.name)


def test_one_name_is_one_thing_in_all_files_of_ours(folder):
    """Those of the extracts, of the earlier pipeline and of fills have names of their own."""
    results, *_ = folder
    found = {}
    nine = {path.stem for path in (results / "outputs").rglob("*.csv")}
    for path, schema in schemas([results]).items():
        is_of_others = path.parent.name.removesuffix(".parquet") in nine | {"summaries"}
        is_of_fills = {"matches", "sweep_fills"} & set(re.split(r"[./]|point_", str(path)))
        if is_of_others or is_of_fills or "processed" in path.parts:
            continue
        for field in schema:
            told = (str(field.type), *(field.metadata[key] for key in (b"unit", b"description")))
            assert found.setdefault(field.name, told) == told, (path, field.name)
    assert len(found) > 200


def test_units_and_meanings_are_kept_by_what_arrow_writes(folder, tmp_path):
    results, *_ = folder
    rows = pq.read_table(results / "tables" / "sweep_metrics.parquet", partitioning=None)
    pq.write_table(rows.select(["order_id", "arrival_cost_bps"]), tmp_path / "mine.parquet")
    kept = pq.read_schema(tmp_path / "mine.parquet").field("arrival_cost_bps")
    assert kept.metadata[b"unit"] == b"bps"
    assert kept.metadata == rows.schema.field("arrival_cost_bps").metadata


def test_tables_of_the_time_priority_model(folder):
    results, *_ = folder
    names = {path.stem for path in (results / "outputs").rglob("*.csv")}
    assert len(names) == 9
    front = formats("## The nine tables of the time-priority model")
    states = [("orderid", "int64"), *formats("### `cp_orders_filtered`")[1:]]
    for name in names:
        rows = formats(f"### `{name}`")
        if name == "orders_with_simulated_metrics":
            rows = states + rows
        has = columns(next((results / "tables" / f"{name}.parquet").iterdir()))
        assert front + [entry for entry in rows if entry not in front] == has, name
        with next((results / "outputs").rglob(f"{name}.csv")).open(encoding="utf-8") as stream:
            assert next(csv.reader(stream)) == [column for column, _ in rows], name


@pytest.mark.parametrize("name", ["matches", "order_summary", "sweep_fills", "left_out"])
def test_tables_of_the_centre_point_model(folder, name):
    results, *_ = folder
    lines = page("output.md")
    (heading,) = re.findall(rf"^`{name}`, a row .*$", lines, re.MULTILINE)
    has = columns(next((results / "outputs").rglob(f"{name}.parquet")))
    assert [column for column, _ in entries(lines, heading)] == [column for column, _ in has]


def test_sweep_metrics(folder):
    results, *_ = folder
    metrics = page("metrics.md")
    labels = [column for column, _ in entries(metrics, "## Populations")]
    measured = [column for column, _ in entries(metrics, "## Per sweep")]
    last = ["price_part_aud", "quantity_part_aud", "time_part_aud", "unfilled_reason"]
    has = [column for column, _ in columns(next((results / "outputs").rglob("sweep_metrics.p*")))]
    assert sorted(has) == sorted({*labels, *measured, *last, "model", "scenario"})
    assert has[-len(last) :] == last
    assert all(f"`{column}`" in page("output.md") for column in last)


@pytest.mark.parametrize("name", ["by_choice", "robustness", "verdicts"])
def test_rollups_of_choices(folder, name):
    results, *_ = folder
    lines = page("output.md")
    (heading,) = re.findall(rf"^\*\*`{name}.parquet`\*\* .*$", lines, re.MULTILINE)
    documented = {column for column, _ in entries(lines, heading)}
    has = {column for column, _ in columns(results / "tables" / "rollups" / f"{name}.parquet")}
    assert documented <= has
    assert has - documented <= {"model", "scenario", "lifetime", "adoption", "switch", "metric"}


def test_sensitivity(folder):
    results, *_ = folder
    has = columns(next((results / "outputs").rglob("sensitivity.parquet")))
    documented = entries(page("output.md"), "## `sensitivity` in `outputs/` and `tables/`")
    assert [column for column, _ in documented] == [column for column, _ in has]


def test_the_log_of_resources(folder):
    results, *_ = folder
    with (results / "logs" / "resources.csv").open(encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    assert [column for column, _ in formats("### `logs/resources.csv`")] == header
