"""The manifest's content: what happened in a run, as one JSON document."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep_dask.dataflow.execute import stage_span
from sweep_dask.memory import peak_memory_bytes
from sweep_dask.schema import ORDERS
from sweep_dask.storage.earlier import Earlier
from sweep_dask.storage.history import with_earlier
from sweep_dask.storage.layout import REJECTS
from sweep_dask.study.book import gaps_of, left_out_of, replay_assumptions, run_assumptions
from sweep_dask.terms.arms import CENTRE_POINT, TIME_PRIORITY
from sweep_dask.terms.reasons import LEFT_OUT_REASONS
from sweep_dask.terms.stages import STAGE_OF_TABLE, STAGES
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweep_dask.analysis.data_checks.findings import Finding
    from sweep_dask.dataflow.ingest import BlockSizeChange
    from sweep_dask.dataflow.monitor import ResourceMonitor
    from sweep_dask.partition import PartitionSummary
    from sweep_dask.storage.ingest import BlockStats
    from sweep_dask.storage.ledger import Ledger
    from sweep_dask.study.plan import Plan
    from sweep_dask.study.reading import InputRead

logger = logging.getLogger(__name__)

#: Counts of partitions that are summed in the manifest.
_TOTALS = (
    *("orders", "sweeps", "matches", "steps"),
    *("centre_point_orders", "centre_point_events", "centre_point_steps", "centre_point_matches"),
)


#: What the manifest has of a partition as its task told it.
_OF_PARTITIONS = ("date", "security", "state", "fingerprint", "seconds", "reason", "counts")


@dataclass
class RunRecord:
    """What is known of a run or a replay so far; the pages of the two commands fill it in."""

    plan: Plan
    command: str = "run"
    run: str = ""
    """Of all runs this one alone: 32 hexadecimal digits."""
    signature: str = ""
    """Digest of what the models are told: results that have the same go together."""
    earlier: Earlier = field(default_factory=Earlier)
    """What the output folder held before, as far as it can stay."""
    started: str = field(
        default_factory=lambda: dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
    )
    """When the run began, ISO 8601 in UTC."""
    status: str = "failed"
    """`done`, `partial`, `failed` or `interrupted`."""
    input_digests: Mapping[str, str] = field(default_factory=dict)
    ingest: Mapping[str, Any] | None = None
    """The run that has read the input, `run` and `started`, and the `files` that it made for the
    whole input or a date, name to digest; None until there are partitions."""
    block_stats: Sequence[BlockStats] = ()
    """Of the blocks that this run has read."""
    block_sizes: Sequence[BlockSizeChange] = ()
    """Where blocks of the input changed their size."""
    ledger: Ledger | None = None
    partitions: list[PartitionSummary] = field(default_factory=list)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    """Wall time of the stages of the run, in order."""
    checks: list[Finding] = field(default_factory=list)
    """What was found out about the input, the gravest first."""
    files: dict[str, str] = field(default_factory=dict)
    """Of this run: path below the output folder to digest."""
    pieces: dict[str, str] = field(default_factory=dict)
    """What the pieces of the combined tables are made of, by name; of a run that has made them."""
    removed_files: int = 0
    """How many results of earlier runs are gone, as nothing of that name is left."""
    largest_process_bytes: int = 0
    all_processes_bytes: int = 0

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Record the wall time of a stage, also of one that fails; its tasks are told of as its."""
        began = time.perf_counter()
        try:
            with stage_span(stage):
                yield
        finally:
            self.stage_seconds[stage] = time.perf_counter() - began

    def take(self, read: InputRead) -> None:
        """What the input holds."""
        self.input_digests, self.ledger, self.ingest = read.digests, read.ledger, read.ingest
        self.block_stats, self.block_sizes = read.block_stats, read.block_sizes
        self.files |= read.files

    def note(self, partition: PartitionSummary) -> None:
        """What became of a partition; if it failed, the log tells it."""
        assert self.ledger is not None
        self.partitions.append(partition)
        self.files |= partition.files
        self.ledger.remove(partition.removed)
        if partition.state == "failed":
            where = f"{partition.date}/{partition.security}"
            logger.error("partition %s failed: %s", where, partition.reason)
            if partition.traceback is not None:
                logger.info("%s", partition.traceback)

    def note_memory(self, monitor: ResourceMonitor | None) -> None:
        """Peaks that tasks reported are exact; samples also see processes between two of them."""
        self.largest_process_bytes = max(
            0 if monitor is None else monitor.largest_process_bytes,
            peak_memory_bytes(),
            *(stats.peak_memory_bytes for stats in self.block_stats),
            *(partition.peak_memory_bytes for partition in self.partitions),
        )
        sampled = 0 if monitor is None else monitor.all_processes_bytes
        self.all_processes_bytes = max(sampled, self.largest_process_bytes)

    @property
    def has_time_priority(self) -> bool:
        """Whether the time-priority model is run."""
        return self.command == "run" and TIME_PRIORITY in self.plan.settings.models

    @property
    def has_scenarios(self) -> bool:
        """Whether the Centre Point model is run."""
        return self.command == "run" and CENTRE_POINT in self.plan.settings.models

    @property
    def has_book(self) -> bool:
        """Whether anything goes through the Centre Point book."""
        return self.command == "replay" or self.has_scenarios

    def model_stage_seconds(self) -> dict[int, float]:
        """Task time of the stages of the time-priority model, summed over all tasks.

        Without the model these are the stages of ingest alone.
        """
        stages = range(1, len(STAGES) + 1) if self.has_time_priority else STAGE_OF_TABLE.values()
        seconds = dict.fromkeys(stages, 0.0)
        for stats in self.block_stats:
            seconds[STAGE_OF_TABLE[stats.table]] += stats.seconds
        for partition in self.partitions:
            for stage, spent in partition.stage_seconds.items():
                seconds[stage] += spent
        return seconds

    def centre_point_seconds(self) -> dict[str, float]:
        """Task time of the parts of the Centre Point model, summed over all tasks."""
        seconds: Counter[str] = Counter()
        # In order, as a float's sum depends on it.
        for partition in self.partitions:
            seconds.update(partition.centre_point_seconds)
        return dict(seconds)

    @property
    def wrote_rejects(self) -> bool:
        """Whether rejected rows are among its files."""
        return any(name.startswith(f"{REJECTS}/") for name in self.files)

    def total(self, count: str) -> int:
        """Sum of one count (`sweeps`, `matches`, ...) over all partitions."""
        return sum(partition.counts.get(count, 0) for partition in self.partitions)

    def failed(self) -> list[PartitionSummary]:
        """Partitions that failed."""
        return [partition for partition in self.partitions if partition.state == "failed"]

    def as_json(self) -> dict[str, Any]:
        """The manifest of the output folder, without its format number."""
        document = with_earlier(self._of_run(), self.earlier)
        partitions = document["partitions"]
        return document | totals(partitions) | {"assumptions": self._assumptions(partitions)}

    def _assumptions(self, partitions: Sequence[Mapping[str, Any]]) -> list[str]:
        """What the Centre Point book takes for granted."""
        if self.command == "replay":
            return replay_assumptions(self.plan, partitions)
        return run_assumptions(self.plan, partitions) if self.has_scenarios else []

    def _of_run(self) -> dict[str, Any]:
        """The manifest of this run alone."""
        return {
            "version": VERSION,
            "command": self.command,
            "run": self.run,
            "signature": self.signature,
            "started": self.started,
            "status": self.status,
            "input": str(self.plan.input),
            "sample": self.plan.is_sample,
            "settings": self._settings(),
            "machine": self._machine(),
            "inputs": [
                {
                    "file": f.name,
                    "table": f.table,
                    "bytes": f.bytes,
                    "digest": self.input_digests.get(f.name),
                }
                for f in self.plan.inputs.files
            ],
            "given": [str(given) for given in self.plan.input.given],
            "taken": [taken._asdict() for taken in self.plan.inputs.discovery.taken],
            "order_columns": list(self.plan.inputs.columns()[ORDERS.name].names),
            "ingest": self.ingest,
            "ledger": [] if self.ledger is None else [f.as_json() for f in self.ledger.files],
            "rejects": REJECTS,
            "stages": [{"name": n, "seconds": s} for n, s in self.stage_seconds.items()],
            "model_stages": [
                {"stage": stage, "name": STAGES[stage - 1], "task_seconds": seconds}
                for stage, seconds in self.model_stage_seconds().items()
            ],
            "centre_point_stages": [
                {"name": name, "task_seconds": seconds}
                for name, seconds in self.centre_point_seconds().items()
            ],
            "partitions": [self._partition(partition) for partition in self.partitions],
            "removed_files": self.removed_files,
            "peak_memory": {
                "largest_process_bytes": self.largest_process_bytes,
                "all_processes_bytes": self.all_processes_bytes,
            },
            "block_sizes": [change._asdict() for change in self.block_sizes],
            "checks": [finding.as_json() for finding in self.checks],
            "warnings": list(self.plan.warnings),
            "pieces": self.pieces,
            "files": dict(sorted(self.files.items())),
        }

    def _settings(self) -> dict[str, dict[str, object]]:
        """Settings as they were used, with their sources; derived ones say from what."""
        settings = self.plan.settings.as_json()
        for name, value in self.plan.derived.items():
            if settings[name]["value"] != value:
                settings[name] = {"value": value, "source": f"auto: {self.plan.reasons[name]}"}
        return settings

    def _machine(self) -> dict[str, object]:
        system, remote = self.plan.system, self.plan.remote
        return {
            "cpu_count": system.cpu_count,
            "available_memory_bytes": system.available_memory_bytes,
            "defaults_used": system.defaults_used,
            **({} if remote is None else {"cluster": remote.as_json()}),
        }

    def _partition(self, partition: PartitionSummary) -> dict[str, object]:
        outcome = partition.centre_point
        return {
            **{name: getattr(partition, name) for name in _OF_PARTITIONS},
            "left_out": left_out_of(partition),
            "gaps": gaps_of(partition),
            "scenarios": {} if outcome is None else outcome.scenarios,
            "signature": self.signature,
            "run": self.run,
        }


def totals(partitions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the manifest says of all partitions that its tables are made of.

    `scenarios` has sweeps and quantities by scenario, and by `tape` for what really happened.
    """
    covered = [partition for partition in partitions if partition["covered"]]
    scenarios: dict[str, Counter[str]] = {}
    left_out: Counter[str] = Counter()
    for partition in covered:
        left_out.update(partition["left_out"])
        for name, numbers in partition["scenarios"].items():
            scenarios.setdefault(name, Counter()).update(numbers)
    return {
        "counts": {
            name: sum(partition["counts"].get(name, 0) for partition in covered) for name in _TOTALS
        },
        "scenarios": {name: dict(numbers) for name, numbers in scenarios.items()},
        "left_out": {reason: left_out[reason] for reason in LEFT_OUT_REASONS if left_out[reason]},
    }
