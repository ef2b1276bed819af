"""The settings that the page on scaling promises machines of three sizes follow from the rules."""

from __future__ import annotations

import re
from itertools import takewhile

import pytest
from derived_sizes import BYTES_PER_ROW, derived_sizes
from running import ROOT

from sweep_dask.memory import GIB, format_bytes
from sweep_dask.study.needs import PARTITION_BYTES_PER_ROW, projected_partition_task_bytes

PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
#: CPUs and GiB.
MACHINES = ((2, 4), (4, 16), (16, 64))


def rows_of_table():
    lines = PAGE[PAGE.index("| Machine |") :].splitlines()
    return list(takewhile(lambda line: line.startswith("|"), lines))[2:]


def longest_security_day(worker_bytes):
    """Order rows of a partition that a worker takes, to two digits, rounded down."""
    base_bytes = projected_partition_task_bytes(dict.fromkeys(PARTITION_BYTES_PER_ROW, 0))
    rows = (worker_bytes - base_bytes) // PARTITION_BYTES_PER_ROW["orders"]
    unit = 10 ** (len(str(rows)) - 2)
    return rows // unit * unit


def line(cpus, gib):
    found = derived_sizes(cpus, gib * GIB)
    rows = longest_security_day(found.worker_bytes)
    assert projected_partition_task_bytes({"orders": rows}) <= found.worker_bytes
    return (
        f"| {cpus} cores, {gib} GiB | {found.workers} | {format_bytes(found.run_bytes)} "
        f"| {format_bytes(found.worker_bytes)} | {found.chunk_rows:,} rows "
        f"| {format_bytes(found.blocksize_bytes)} | {rows:,} rows |"
    )


def test_there_is_a_row_for_each_machine():
    assert len(rows_of_table()) == len(MACHINES)
    assert f"rows of {BYTES_PER_ROW} bytes" in " ".join(PAGE.split())


@pytest.mark.parametrize(("number", "machine"), list(enumerate(MACHINES)))
def test_settings_follow_from_the_rules(number, machine):
    assert rows_of_table()[number] == line(*machine)


def test_the_measured_table_and_its_chart_are_there():
    measured = PAGE.partition("<!-- bench_scaling.py -->")[2].partition("<!-- end -->")[0]
    settings = re.findall(r"^\| (\w[^|]*) \| [0-9]", measured, re.MULTILINE)
    assert settings[0] == "sequential"
    assert len([name for name in settings if "worker" in name]) >= 3
    assert len([name for name in settings if name.startswith("chunks of ")]) >= 3
    (chart,) = re.findall(r"!\[.*\]\((.*)\)", measured)
    assert (ROOT / "docs" / chart).read_text(encoding="utf-8").rstrip().endswith("</svg>")
