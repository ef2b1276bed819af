"""Where everything lies below an output folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sweep_dask.terms.arms import CENTRE_POINT
from sweep_dask.terms.files import FIDELITY, LEFT_OUT, RECEIPT, REPLAY_MATCHES

#: Folders that hold nothing but results.
RESULT_FOLDERS = ("processed", "outputs", "tables", "rejects", "logs")

#: Results that lie in the output folder itself: of a run, and of a replay.
_RESULTS_AT_TOP = (
    *("report.html", FIDELITY),
    *(f"{stem}.parquet" for stem in (REPLAY_MATCHES, LEFT_OUT)),
)

#: In the folder of a profile: by Dask on a cluster, of either, by Python without a cluster.
DASK_REPORT, FLAME_GRAPH, PYTHON_STATISTICS = "dask.html", "flame.html", "profile.pstats"

#: Results combined over partitions.
TABLES_FOLDER = "tables"
#: Rejected rows of the last run.
REJECTS = "rejects"
#: Rejected rows of earlier runs on other input whose results are still there, a folder a run.
EARLIER_REJECTS = f"{REJECTS}/earlier"


class Partition(NamedTuple):
    """A trading date of one security."""

    date: str
    security: int


def is_result(name: str) -> bool:
    """Whether a file of this name, a path below the output folder, can be a result."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or "/".join(parts) != name or "\0" in name:
        return False
    return name in _RESULTS_AT_TOP if len(parts) == 1 else parts[0] in RESULT_FOLDERS


def partition_of(name: str) -> Partition | None:
    """The partition a result belongs to; None if it is of a whole date or of all of them."""
    match PurePosixPath(name).parts:
        case ("processed" | "outputs", date, security, _, *_) if security.isdecimal():
            return Partition(date, int(security))
    return None


def date_of(name: str) -> str | None:
    """The date a table belongs to that concerns no single security."""
    match PurePosixPath(name).parts:
        case ("processed", date, _):
            return date
    return None


@dataclass(frozen=True)
class OutputLayout:
    """Names of files and folders below one output folder; creates nothing."""

    root: Path
    is_of_replay: bool = False
    """Whether it is a folder in an output folder, and not one that the user named."""

    @property
    def manifest(self) -> Path:
        """What the run was and left behind."""
        return self.root / "manifest.json"

    @property
    def report(self) -> Path:
        """The report, one HTML file."""
        return self.root / "report.html"

    @property
    def fidelity(self) -> Path:
        """The score of a run, or of a replay."""
        return self.root / FIDELITY

    @property
    def run_log(self) -> Path:
        """The log of the run."""
        return self.root / "logs" / "run.log"

    @property
    def resources_log(self) -> Path:
        """CPU and memory of every process of the run over time."""
        return self.root / "logs" / "resources.csv"

    @property
    def profile(self) -> Path:
        """Where the time of a run went (`--profile`), in pages."""
        return self.root / "logs" / "profile"

    @property
    def profile_index(self) -> Path:
        """The page that leads to the others."""
        return self.profile / "index.html"

    @property
    def profile_files(self) -> tuple[Path, ...]:
        """All that can be in it."""
        names = (DASK_REPORT, FLAME_GRAPH, PYTHON_STATISTICS)
        return (self.profile_index, *(self.profile / name for name in names))

    @property
    def logs(self) -> tuple[Path, ...]:
        """All files in `logs/`."""
        return (self.run_log, self.resources_log, *self.profile_files)

    @property
    def tables(self) -> Path:
        """Results combined over partitions."""
        return self.root / TABLES_FOLDER

    def table(self, name: str) -> Path:
        """The folder of a combined table, a file a piece in it."""
        return self.tables / f"{name}.parquet"

    def piece(self, table: str, piece: str) -> Path:
        """The rows of a piece in a combined table."""
        return self.table(table) / f"{piece}.parquet"

    def day_summary(self, date: str) -> Path:
        """What the sweeps of a date leave for the roll-ups."""
        return self.tables / "summaries" / f"{date}.parquet"

    @property
    def rollups(self) -> Path:
        """Sums and statistics over the combined results."""
        return self.tables / "rollups"

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
        return self.outputs(date, security) / CENTRE_POINT

    def score(self, date: str, security: int) -> Path:
        """How well the Centre Point book reproduces the tape of one partition, in counts."""
        return self.centre_point(date, security) / "score.json"

    def replay(self) -> OutputLayout:
        """The folder of a replay, which has a manifest and logs of its own."""
        return OutputLayout(self.root / "replay", is_of_replay=True)

    def receipt(self, date: str, security: int) -> Path:
        """What a finished partition left: the proof that lets a later run keep it."""
        return self.processed(date, security) / RECEIPT

    def relative(self, path: Path) -> str:
        """`path` as the manifest names it."""
        return path.relative_to(self.root).as_posix()
