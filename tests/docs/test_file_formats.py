"""Every column of every table that a run or a replay leaves has its entry, in its place."""

from __future__ import annotations

import csv
import re
from itertools import takewhile

import pyarrow.parquet as pq
import pytest
from running import ROOT

from sweep_dask.settings import load_settings
from sweep_dask.study.replay import replay

_TYPES = {"double": "float64", "string": "str"}
#: Tables whose other columns are those of the input, named on the page as such.
_OPEN_ENDED = ("reference", "participants")


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
    return [(field.name, _TYPES.get(str(field.type), str(field.type)))
            for field in pq.read_schema(path)]  # fmt: skip


def formats(heading):
    return entries(page("file_formats.md"), heading)


@pytest.fixture(scope="module")
def folder(reader_folder, tmp_path_factory):
    """Results of a run with rejected rows, and of a replay."""
    output = tmp_path_factory.mktemp("formats")
    replay(
        load_settings({"output": str(output), "enable_parallel": False, "progress": False}, {},
                      output),
        str(reader_folder / "market"),
        ablations=False,
    )  # fmt: skip
    return reader_folder / "results", output / "replay"


def test_rows_as_they_were_read(folder):
    results, _ = folder
    found = {path.stem: path for path in (results / "processed").rglob("*.parquet")}
    assert len(found) == 10
    for name, path in found.items():
        has = columns(path)
        if name.startswith("orders_"):
            name = "cp_orders_filtered"  # noqa: PLW2901  as the page says
        documented = formats(f"### `{name}`")
        if name in _OPEN_ENDED:
            assert set(documented) <= set(has), name
        else:
            assert documented == has, name


def test_tables_of_the_time_priority_model(folder):
    results, _ = folder
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
    results, _ = folder
    lines = page("output.md")
    (heading,) = re.findall(rf"^`{name}`, a row .*$", lines, re.MULTILINE)
    has = columns(next((results / "outputs").rglob(f"{name}.parquet")))
    assert [column for column, _ in entries(lines, heading)] == [column for column, _ in has]


def test_sweep_metrics(folder):
    results, _ = folder
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
    results, _ = folder
    lines = page("output.md")
    (heading,) = re.findall(rf"^\*\*`{name}.parquet`\*\* .*$", lines, re.MULTILINE)
    documented = {column for column, _ in entries(lines, heading)}
    has = {column for column, _ in columns(results / "tables" / "rollups" / f"{name}.parquet")}
    assert documented <= has
    assert has - documented <= {"model", "scenario", "lifetime", "adoption", "switch", "metric"}


def test_sensitivity(folder):
    results, _ = folder
    has = columns(next((results / "outputs").rglob("sensitivity.parquet")))
    documented = entries(page("output.md"), "## `sensitivity` in `outputs/` and `tables/`")
    assert [column for column, _ in documented] == [column for column, _ in has]


@pytest.mark.parametrize("name", ["distributions", "unfilled", "example_sweep"])
def test_other_rollups(folder, name):
    results, _ = folder
    has = columns(results / "tables" / "rollups" / f"{name}.parquet")
    assert formats(f"### `{name}`") == has


def test_summaries_rejects_logs_and_replay(folder, in_copy):
    from running import run_here

    results, replayed = folder
    summary = [
        (column, _element(kind))
        for column, kind in columns(next((results / "tables" / "summaries").iterdir()))
    ]
    assert [(c, _element(t)) for c, t in formats("### `summaries`")] == summary
    assert formats("### `replay/replay_matches.parquet`") == columns(
        replayed / "replay_matches.parquet"
    )
    rejecting = in_copy / "rejecting"
    run_here(in_copy / "bad-times", rejecting, enable_parallel=False, max_bad_fraction=0.5,
             models="time-priority")  # fmt: skip
    rejects = formats("### `rejects/{table}.parquet`")
    assert rejects == columns(rejecting / "rejects" / "orders.parquet")
    with (results / "logs" / "resources.csv").open(encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    assert [column for column, _ in formats("### `logs/resources.csv`")] == header


def _element(kind):
    return kind.replace("element", "item")


def test_every_table_is_named_on_the_page(folder):
    results, _ = folder
    text = page("file_formats.md") + page("output.md")
    stems = {path.stem for path in results.rglob("*.parquet") if path.parent.name != "summaries"
             and path.parent.suffix != ".parquet"}  # fmt: skip
    dimensions = {stem for stem in stems if stem.startswith("by_")} - {"by_choice"}
    assert all(f"`{stem.removeprefix('by_')}`" in text for stem in dimensions)
    assert {stem for stem in stems - dimensions if stem not in text} == set()
