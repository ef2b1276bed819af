"""What an output folder holds, for Python programs and notebooks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.compute as pc

from sweep_dask.errors import InputError
from sweep_dask.locations import location_of
from sweep_dask.report.cards import arm_summary, run_card
from sweep_dask.report.replay_page import score_of_run
from sweep_dask.storage.frames import to_frame
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import THROUGH, read_manifest
from sweep_dask.storage.no_follow import is_there
from sweep_dask.storage.parquet_files import parquet_metadata, read_parquet, row_dataset
from sweep_dask.storage.pieces import files_of
from sweep_dask.terms.files import SWEEP_METRICS
from sweep_dask.version import OTHER_TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyarrow.dataset import Dataset

    from sweep_dask.explain.explanation import Explanation
    from sweep_dask.study.document import RunRecord

_EXIT_CODES = {"done": 0, "partial": 1, "interrupted": 130}
_ROLLUPS = "rollups/"
_BY_ALL = f"{_ROLLUPS}by_all"


@dataclass(frozen=True, repr=False)
class RunResult:
    """What a run left in its output folder; everything is read when it is asked for."""

    output: Path
    """The output folder."""

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest, as it lies in the output folder.

        Raises
        ------
        InputError
            It is gone, or cannot be read.
        """
        return read_manifest(OutputLayout(self.output))

    @property
    def exit_code(self) -> int:
        """Exit code of the process (contract); of a failed run 1, as the manifest has no other."""
        return _EXIT_CODES.get(self.manifest["status"], 1)

    @property
    def report(self) -> Path:
        """The report, one HTML file."""
        return OutputLayout(self.output).report

    @property
    def fidelity(self) -> dict[str, Any] | None:
        """How well the book reproduces the tape; None if that is not known.

        The run's own `fidelity.json` or, if it has none, that of a replay in the same folder.

        Raises
        ------
        InputError
            The file cannot be read.
        """
        layout = OutputLayout(self.output)
        own = layout.relative(layout.fidelity) in self.manifest["files"]
        path = (layout if own else layout.replay()).fidelity
        if not own and not is_there(path):
            return None
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"The score of the {'run' if own else 'replay'} cannot be read.",
                where=str(path),
                value=str(error),
                cure=f"Run `sweep-dask {'run' if own else 'replay'}` with the same output folder "
                "again.",
            ) from error
        return document

    @property
    def tables(self) -> list[str]:
        """Names for `table` and `frame`: the combined tables, then the roll-ups."""
        layout = OutputLayout(self.output)
        folders = (layout.tables, layout.rollups)
        names = [layout.relative(p) for folder in folders for p in sorted(folder.glob("*.parquet"))]
        return [name.partition("/")[2].removesuffix(".parquet") for name in names]

    def table(self, name: str) -> pd.DataFrame:
        """One of `tables`, such as `sweep_metrics` or `rollups/by_hour`, in memory.

        Integers are int64 or, in a column with missing values, Int64; never float.

        Raises
        ------
        InputError
            There is no such table.
        """
        # What comes from Arrow without a copy cannot be changed.
        return to_frame(read_parquet(self._files(name))).copy()

    def frame(self, name: str) -> Any:
        """The same as a `dask.dataframe`, read when it is computed: a partition a row group.

        For tables that do not fit in memory. Numbers have the types that `table` gives them, text
        that of Dask's setting `dataframe.convert-string`.

        Raises
        ------
        InputError
            There is no such table.
        """
        # Everything else here can be used without Dask.
        from sweep_dask.dataflow.lazy_table import lazy_table

        return lazy_table(name, self._files(name))

    def processed(self, name: str) -> Dataset:
        """Rows of all partitions in `processed/`, with `date` and `security`, not read before use.

        Parameters
        ----------
        name
            `orders`, `trades`, `nbbo`, or the stem of the files, such as `last_execution_time`.

        Raises
        ------
        InputError
            There are no such files.
        """
        return row_dataset(OutputLayout(self.output), self.manifest, name)

    def summary(self) -> pd.DataFrame:
        """The answer: a row for what really happened and for each simulation of the same sweeps.

        Of sweeps that arrived in continuous trading. The index `arm` is `tape`, `time-priority` or
        the scenario; `filled_share` is filled of all shares, `dark_share` the dark ones of the
        filled; the other columns are those of the roll-up `by_all`.

        Raises
        ------
        InputError
            The run left no roll-ups, or was not through: those of an earlier one may lie there.
        """
        status = self.manifest["status"]
        if status not in THROUGH:
            raise InputError(
                "The run did not come to its end: there is no answer yet.",
                where=str(self.output),
                value=str(status),
                cure="The same command goes on from there.",
            )
        return arm_summary(self.table(_BY_ALL))

    def differences(self, arm: str, reference: str = "tape") -> pd.DataFrame:
        """Simulation minus reference of each sweep and metric: what is compared and tested.

        Columns `date`, `security`, `order_id` and every compared metric (docs/metrics.md), NaN
        unless both arms have it; a row a sweep, in the order of `sweep_metrics`.

        Parameters
        ----------
        arm, reference
            `tape`, `time-priority`, or a scenario.

        Raises
        ------
        InputError
            The run has no such arm, or left no table of sweeps.
        """
        # It comes with compiled code, which nothing else here needs.
        from sweep_dask.analysis.metrics.comparison import ALIGNED, differences
        from sweep_dask.terms.metrics import COMPARED

        columns = ["date", "security", *ALIGNED, *COMPARED]
        real, simulated = (self._arm(name, columns) for name in (reference, arm))
        changes = to_frame(differences(real, simulated))
        return pd.concat([real[["date", "security"]], changes], axis="columns")

    def explain(self, order_id: int, date: str | None = None) -> Explanation:
        """The story of one order: rows, quote, fills, what stopped the rest, costs.

        `date`: the trading date, ISO 8601; None: every date on which it has rows.

        Raises
        ------
        UsageError
            It is no order id, or the output has no such order, or not on that date.
        InputError
            A file of its partition cannot be read.
        """
        from sweep_dask.explain.explanation import explain
        from sweep_dask.explain.unknown import parse_order_id

        dates = () if date is None else (date,)
        return explain(OutputLayout(self.output), parse_order_id(str(order_id)), dates)

    def _arm(self, name: str, columns: Sequence[str]) -> pd.DataFrame:
        """One arm of the table of sweeps."""
        files = self._files(SWEEP_METRICS)
        is_model = pc.field("scenario").is_null() & (pc.field("model") == name)
        chosen = is_model | (pc.field("scenario") == name)
        read = read_parquet(files, columns, chosen)
        rows = to_frame(read)
        if rows.empty and any(parquet_metadata(path).num_rows for path in files):
            raise InputError(
                f"The run has no arm {name!r}.",
                where=str(OutputLayout(self.output).table(SWEEP_METRICS)),
                cure=f"One of: {', '.join(self.summary().index)}.",
            )
        return rows

    def _files(self, name: str) -> list[Path]:
        """Of a table, in the order of rows; of a roll-up one."""
        folder = OutputLayout(self.output).tables
        is_signed = name == SWEEP_METRICS or name.startswith(_ROLLUPS)
        if is_signed and self.manifest.get("version") in OTHER_TABLES:
            raise InputError(
                "An earlier version made this table, with other names of columns or signs "
                "of costs.",
                where=str(folder),
                value=name,
                cure="Run the same command again: it makes them anew.",
            )
        names = self.tables
        if name in names:
            path = folder / f"{name}.parquet"
            return files_of(path) if path.is_dir() else [path]
        raise InputError(
            f"There is no table {name!r}.",
            where=str(folder),
            cure=f"One of: {', '.join(names)}." if names else "Run the same command again.",
        )

    def __repr__(self) -> str:
        try:
            manifest = self.manifest
        except InputError:
            return f"<RunResult without a manifest in {self.output}>"
        partitions = len(manifest["partitions"])
        noun = "partition" if partitions == 1 else "partitions"
        return f"<RunResult {manifest['status']}: {partitions:,} {noun} in {self.output}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        manifest = self.manifest
        is_sound = manifest["status"] in THROUGH and manifest.get("version") not in OTHER_TABLES
        lines = self.summary() if is_sound and _BY_ALL in self.tables else None
        score = score_of_run(OutputLayout(self.output), manifest)
        return run_card(manifest, lines, self.report, score)


def load(output: str | Path) -> RunResult:
    """The result of a run that this program or the command line made before.

    Raises
    ------
    InputError
        The folder holds no run.
    """
    # As of a run, so that a later change of the working folder does no harm.
    layout = OutputLayout(location_of(str(output)).expanduser().absolute())
    if not is_there(layout.manifest) and is_there(layout.replay().manifest):
        raise InputError(
            "The folder holds a replay and no run.",
            where=str(layout.root),
            cure="Run `sweep-dask run` with this output folder; the replay stays.",
        )
    if read_manifest(layout).get("command") == "replay":
        raise InputError(
            "The folder is that of a replay.",
            where=str(layout.root),
            cure=f"Load the folder around it, {layout.root.parent}, if it holds a run.",
        )
    return RunResult(layout.root)


@dataclass(frozen=True, repr=False)
class FinishedRun(RunResult):
    """A run of this process."""

    record: RunRecord
    """What it noted on its way."""
