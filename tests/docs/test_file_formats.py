"""Every column of every table that a run or a replay leaves has its entry, in its place."""

from __future__ import annotations

import csv
import re
from itertools import takewhile

import pyarrow.compute as pc
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


#: Names that are another thing in some file: sums, fills, until when, and of which arm.
_NOT_ONE_THING = {
    *("quantity", "filled_quantity", "unfilled_quantity", "dark_quantity", "fill_count"),
    *("unfilled_reason", "added_quantity", "contra_quantity", "scenario", "low", "high"),
    *("price_part_aud", "quantity_part_aud", "time_part_aud", "far_touch_improvement_aud"),
    *("arrival_cost_aud", "opportunity_cost_aud"),
    *("implementation_shortfall_aud", "completed_shortfall_aud"),
}


def test_one_name_is_one_thing_in_all_files_of_ours(folder):
    """Those of the extracts and of the earlier pipeline have names of their own."""
    results, *_ = folder
    found = {}
    nine = {path.stem for path in (results / "outputs").rglob("*.csv")}
    for path, schema in schemas([results]).items():
        is_of_others = path.parent.name.removesuffix(".parquet") in nine | {"summaries"}
        if is_of_others or "processed" in path.parts:
            continue
        for field in schema:
            told = (str(field.type), *(field.metadata[key] for key in (b"unit", b"description")))
            found.setdefault(field.name, set()).add(told)
    assert len(found) > 200
    assert {name for name, told in found.items() if len(told) > 1} == _NOT_ONE_THING


def means(schema):
    return {field.name: field.metadata[b"description"] for field in schema}


def test_columns_that_say_the_same_of_a_sweep_in_an_arm_hold_the_same(folder):
    results, *_ = folder
    compared = set()
    for path in (results / "outputs").rglob("sweep_metrics.parquet"):
        measured = pq.read_table(path, partitioning=None)
        for summary_path in path.parent.rglob("order_summary.parquet"):
            summary = pq.read_table(summary_path, partitioning=None)
            of_scenario = measured.filter(pc.equal(measured["scenario"], summary_path.parent.name))
            mine, other = (rows.sort_by("order_id") for rows in (of_scenario, summary))
            assert len(mine) == len(other) > 0
            says = means(mine.schema).items() & means(other.schema).items()
            for name, _ in says - {("scenario", means(mine.schema)["scenario"])}:
                assert mine[name].to_pylist() == other[name].to_pylist(), (summary_path, name)
                compared.add(name)
    assert compared >= {"order_id", "side", "arrival_ns", "quantity"}


def test_sums_are_those_of_the_column_that_they_say(folder):
    results, *_ = folder
    total = pq.read_table(results / "tables" / "rollups" / "by_all.parquet", partitioning=None)
    total = total.filter(pc.equal(total["population"], "all"))
    sweeps = pq.read_table(results / "tables" / "sweep_metrics.parquet", partitioning=None)
    tape = sweeps.filter(pc.equal(sweeps["model"], "tape"))
    (of_tape,) = total.filter(pc.equal(total["model"], "tape")).to_pylist()
    added_up = {
        name: meaning
        for name, meaning in means(total.schema).items()
        if name in tape.column_names and meaning.endswith(b": sum over sweeps")
    }
    assert len(added_up) > 10
    for name, meaning in added_up.items():
        assert meaning == means(tape.schema)[name] + b": sum over sweeps"
        assert of_tape[name] == pytest.approx(pc.sum(tape[name]).as_py() or 0), name


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


def test_the_log_of_resources(folder):
    results, *_ = folder
    with (results / "logs" / "resources.csv").open(encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    assert [column for column, _ in formats("### `logs/resources.csv`")] == header
