"""Where everything lies below an output folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class OutputLayout:
    """Names of files and folders below one output folder; creates nothing."""

    root: Path

    @property
    def manifest(self) -> Path:
        """What the run was and left behind."""
        return self.root / "manifest.json"

    @property
    def report(self) -> Path:
        """The report, one HTML file."""
        return self.root / "report.html"

    @property
    def run_log(self) -> Path:
        """The log of the run."""
        return self.root / "logs" / "run.log"

    @property
    def resources_log(self) -> Path:
        """CPU and memory of every process of the run over time."""
        return self.root / "logs" / "resources.csv"

    @property
    def profile_report(self) -> Path:
        """Dask's performance report of a run on a cluster (`--profile`)."""
        return self.root / "logs" / "profile.html"

    @property
    def profile_statistics(self) -> Path:
        """Python's profile of a run without a cluster (`--profile`)."""
        return self.root / "logs" / "profile.pstats"

    @property
    def logs(self) -> tuple[Path, ...]:
        """All files in `logs/`."""
        return (self.run_log, self.resources_log, self.profile_report, self.profile_statistics)

    @property
    def scratch(self) -> Path:
        """Spill files and Dask's worker folders; removed when a run ends."""
        return self.root / ".scratch"

    @property
    def lock(self) -> Path:
        """Held by the run that works in this folder."""
        return self.root / ".lock"

    @property
    def tables(self) -> Path:
        """Results combined over partitions."""
        return self.root / "tables"

    @property
    def rollups(self) -> Path:
        """Sums and statistics over the combined results."""
        return self.tables / "rollups"

    @property
    def dated(self) -> tuple[Path, ...]:
        """Folders that hold a folder of results for each date."""
        return (self.root / "processed", self.root / "outputs")

    @property
    def flat(self) -> tuple[Path, ...]:
        """Folders that hold Parquet files of all dates."""
        return (self.rollups, self.tables, self.root / "rejects")

    def rejects(self, table: str) -> Path:
        """Rows of one input table that could not be read."""
        return self.root / "rejects" / f"{table}.parquet"

    def processed_date(self, date: str) -> Path:
        """Tables that belong to a date, not to a security."""
        return self.root / "processed" / date

    def processed(self, date: str, security: int) -> Path:
        """Typed rows and order states of one partition."""
        return self.root / "processed" / date / str(security)

    def outputs(self, date: str, security: int) -> Path:
        """Results of one partition."""
        return self.root / "outputs" / date / str(security)

    def centre_point(self, date: str, security: int) -> Path:
        """Results of the Centre Point model for one partition; a folder a scenario in it."""
        return self.outputs(date, security) / "centre-point"

    def replay(self) -> OutputLayout:
        """The folder of a replay, which has a manifest and logs of its own."""
        return OutputLayout(self.root / "replay")

    def receipt(self, date: str, security: int) -> Path:
        """What a finished partition left: the proof that lets a later run keep it."""
        return self.processed(date, security) / "receipt.json"

    def relative(self, path: Path) -> str:
        """`path` as the manifest names it."""
        return path.relative_to(self.root).as_posix()
