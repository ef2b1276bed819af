"""Plans and runs in words: what the terminal shows, and the same as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.dataflow.progress import counted
from sweep_dask.locations import is_object
from sweep_dask.memory import format_bytes
from sweep_dask.schema import TABLES
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import THROUGH
from sweep_dask.storage.partition_index import NO_ORDER
from sweep_dask.study.answer_summary import describe_answer, describe_book
from sweep_dask.study.check import described
from sweep_dask.study.needs import free_disk_bytes
from sweep_dask.system_config import opening_block
from sweep_dask.text_blocks import Facts, Heading, Sentence, indented, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sweep_dask.study.document import RunRecord
    from sweep_dask.study.plan import Plan
    from sweep_dask.text_blocks import Block


_SIZES = ("memory_limit", "blocksize")
#: How settings that were derived are shown.
_SHOWN: dict[str, Callable[[int], str]] = {
    "workers": str,
    "chunk_size": lambda rows: f"{rows:,} rows",
    **dict.fromkeys(_SIZES, format_bytes),
}


def describe_run(record: RunRecord, output: Path, again: str = "the same command") -> list[Block]:
    """The end of a run: the answer, what was found out about the input, and what the run did.

    An interrupted run says the command `again` that goes on where it has ended.
    """
    assert record.ledger is not None
    total = record.ledger.total()
    states = {
        state: sum(partition.state == state for partition in record.partitions)
        for state in ("computed", "kept", "failed")
    }
    stages = ", ".join(f"{name} {spent:.1f} s" for name, spent in record.stage_seconds.items())
    layout, document = OutputLayout(output), record.as_json()
    # Which trades are needed is known when all are read.
    also = " (stages also count trades of no Centre Point order)"
    lines = {
        "Status": record.status,
        "Partitions": ", ".join(f"{count:,} {state}" for state, count in states.items()),
        **_of_earlier_runs(record, document),
        **(_time_priority_lines(record) if record.has_time_priority else {}),
        "Rows read": f"{total.read:,}{_by_whom(record)}",
        "Rows kept": f"{total.kept:,}{also if total.filtered.get(NO_ORDER) else ''}",
        "Rows filtered": _with_reasons(total.filtered),
        "Rows rejected": _with_reasons(total.rejected),
        "Time": f"{sum(record.stage_seconds.values()):.1f} s ({stages})",
        "Peak memory": f"{format_bytes(record.largest_process_bytes)} in the largest process, "
        f"{format_bytes(record.all_processes_bytes)} in all",
        "Report": str(layout.report),
        "Tables": str(layout.tables),
    }
    if record.status == "interrupted":
        # Rows of partitions that were not reached are neither kept nor filtered yet.
        for unknown in ("Rows kept", "Rows filtered", "Tables"):
            del lines[unknown]
    if record.plan.system.defaults_used:
        lines["Note"] = "the machine could not be detected; defaults were used"
    answer = describe_answer(layout, document) if record.status in THROUGH else []
    book = describe_book(record, document) if record.has_scenarios else []
    checks = describe_checks(record)
    failures = describe_failures(record)
    on: list[Block] = []
    if record.status == "interrupted":
        # Not wrapped: it is to be copied.
        on = ["", Heading("To go on, with the partitions that are finished"), f"  {again}"]
    return [*answer, *checks, *book, *failures, "", Heading("Summary"), Facts.of(lines), *on]


def _of_earlier_runs(record: RunRecord, document: Mapping[str, Any]) -> dict[str, str]:
    """What stays in the folder of dates and securities that this run did not read."""
    staying = [p for p in document["partitions"] if p["run"] != record.run]
    if not staying:
        return {}
    aside = sum(not partition["covered"] for partition in staying)
    text = f"{len(staying):,} of earlier runs stay in the folder"
    if aside:
        text += f"; {aside:,} of them are not in tables and report: other settings or version"
    return {"Besides": text}


def _by_whom(record: RunRecord) -> str:
    """Who has read the input, if it was not this run."""
    ingest = record.ingest
    if ingest is None or ingest["run"] == record.run:
        return ""
    return f" by the run begun {ingest['started']}; the files are unchanged"


def _time_priority_lines(record: RunRecord) -> dict[str, str]:
    return {
        "Sweeps": f"{record.total('sweeps'):,} (time priority)",
        "Matches": f"{record.total('matches'):,} (time priority)",
    }


def _with_reasons(counts: Mapping[str, int]) -> str:
    total = f"{sum(counts.values()):,}"
    reasons = ", ".join(f"{r.replace('_', ' ')} {count:,}" for r, count in sorted(counts.items()))
    return f"{total} ({reasons})" if reasons else total


def describe_checks(record: RunRecord) -> list[Block]:
    """What was found out about the input."""
    return ["", Heading("The input"), *indented(described(record.checks))] if record.checks else []


def describe_failures(record: RunRecord) -> list[Block]:
    """The partitions that failed."""
    failed = [Sentence(f"{p.date}/{p.security}: {p.reason}", 2, 2) for p in record.failed()]
    return ["", Heading("Failed partitions (all others are complete)"), *failed] if failed else []


def describe_plan(plan: Plan) -> list[Block]:
    """What a run would do, for people."""
    system, sample = plan.system, plan.sample
    present = {file.table for file in plan.inputs.files}
    rows = [_table_row(plan, one.name) for one in TABLES if one.name in present]
    derived = {
        name.replace("_", " ").capitalize(): f"{_SHOWN[name](value)} ({plan.reasons[name]})"
        for name, value in plan.derived.items()
    }
    work = {
        "Order rows": f"about {sample.rows:,}, of these {sample.kept_rows:,} Centre Point",
        "Partitions": f"at least {sample.partitions:,}",
        "Blocks": f"{len(plan.blocks):,}",
        "Memory, block task": format_bytes(plan.block_task_bytes),
        "Memory, partition task": f"{format_bytes(plan.partition_task_bytes)} at average size",
        "Memory, roll-up task": format_bytes(plan.rollup_task_bytes),
        "Memory in total": f"{format_bytes(plan.total_bytes)} of "
        f"{format_bytes(system.available_memory_bytes)} available",
        "Disk, scratch": f"{format_bytes(plan.disk.scratch_bytes)} while it runs",
        "Disk, results": format_bytes(plan.disk.results_bytes),
        "Disk in total": f"{format_bytes(plan.disk.total_bytes)}{_free_of(plan)}",
    }
    where: list[Block] = [Heading("Machine"), *(Sentence(x, 2, 2) for x in system.reasons())]
    if plan.remote is not None:
        where = [Heading("Cluster"), Facts.of(plan.remote.as_lines())]
    return [
        Heading(f"Input: {plan.input}"),
        table(rows),
        *_taken_lines(plan),
        "",
        *where,
        "",
        Heading("Settings derived from it"),
        Facts.of(derived),
        "",
        Heading("Work"),
        Facts.of(work),
    ]


def _taken_lines(plan: Plan) -> list[Block]:
    """What was taken for what, unless all lies in folders that are called as their tables."""
    taken = plan.inputs.discovery.taken
    if len(plan.input.given) == 1 and all(one.form == f"{one.table}/*" for one in taken):
        return []
    lines = [
        (one.table, f"{counted(one.files, 'file')} as {one.form} from {one.input}") for one in taken
    ]
    return ["", Heading("Taken for tables"), Facts(lines)]


def describe_system(plan: Plan) -> str:
    """The block at the start of a run."""
    if plan.remote is None:
        return str(plan.system)
    assert plan.system.blocksize_bytes is not None
    sizes = {
        "Chunk Size": f"{plan.system.chunk_size:,} rows",
        "Blocksize": format_bytes(plan.system.blocksize_bytes),
    }
    return opening_block(plan.remote.as_lines() | sizes)


def _table_row(plan: Plan, name: str) -> list[str]:
    files = [file for file in plan.inputs.files if file.table == name]
    blocks = sum(block.file.table == name for block in plan.blocks)
    size = format_bytes(sum(file.bytes for file in files))
    return [f"{name}/", counted(len(files), "file"), size, counted(blocks, "block")]


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """What a run would do, for programs."""
    system, sample = plan.system, plan.sample
    return {
        "input": str(plan.input),
        "sample": plan.is_sample,
        "files": [
            {"file": file.name, "table": file.table, "bytes": file.bytes}
            for file in plan.inputs.files
        ],
        "taken": [taken._asdict() for taken in plan.inputs.discovery.taken],
        "bytes": plan.inputs.bytes,
        "blocks": len(plan.blocks),
        "bytes_per_row": sample.bytes_per_row,
        "estimated_order_rows": sample.rows,
        "estimated_centre_point_rows": sample.kept_rows,
        "expected_partitions": sample.partitions,
        "machine": {
            "cpu_count": system.cpu_count,
            "available_memory_bytes": system.available_memory_bytes,
            "defaults_used": system.defaults_used,
            "cpu_candidates": {c.name: c.value for c in system.cpu_candidates},
            "memory_candidates": {c.name: c.value for c in system.memory_candidates},
        },
        "cluster": None if plan.remote is None else plan.remote.as_json(),
        "derived": {
            f"{name}_bytes" if name in _SIZES else name: {
                "value": value,
                "reason": plan.reasons[name],
            }
            for name, value in plan.derived.items()
        },
        "projected_memory": {
            "block_task_bytes": plan.block_task_bytes,
            "partition_task_bytes": plan.partition_task_bytes,
            "rollup_task_bytes": plan.rollup_task_bytes,
            "total_bytes": plan.total_bytes,
        },
        "projected_disk": {
            "scratch_bytes": plan.disk.scratch_bytes,
            "results_bytes": plan.disk.results_bytes,
            "total_bytes": plan.disk.total_bytes,
            "free_bytes": _free_bytes(plan),
        },
        "warnings": list(plan.warnings),
    }


def _free_bytes(plan: Plan) -> int | None:
    """On the disk of the output folder; None if it is in an object store."""
    output = plan.settings.output.absolute()
    return None if is_object(output) else free_disk_bytes(output)


def _free_of(plan: Plan) -> str:
    free_bytes = _free_bytes(plan)
    return "" if free_bytes is None else f" of {format_bytes(free_bytes)} free"
