"""What a notebook shows of a run or a replay: the answer in brief, and small tables of its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sweep_dask.report.rendering import render
from sweep_dask.report.replay_page import doubt
from sweep_dask.report.subject import has_tape
from sweep_dask.terms.arms import SCENARIOS
from sweep_dask.terms.dimensions import HEADLINE_POPULATION
from sweep_dask.terms.score import MODES

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from sweep_dask.report.replay_page import Replay

#: Columns of the roll-up `by_all`, in the order of the answer.
_COUNTS = ("n_sweeps", "n_filled", "n_partly_filled", "n_unfilled", "quantity", "filled_quantity")
_MEANS = (
    *("far_touch_improvement_bps_mean", "arrival_cost_bps_mean"),
    *("implementation_shortfall_bps_mean", "completed_shortfall_bps_mean"),
    *("far_touch_improvement_aud", "arrival_cost_aud"),
    *("implementation_shortfall_aud", "completed_shortfall_aud"),
    "time_to_first_fill_seconds_p50",
)


def arm_summary(by_all: pd.DataFrame) -> pd.DataFrame:
    """A row an arm, by name: counts, shares and costs of the sweeps in continuous trading.

    Parameters
    ----------
    by_all
        The roll-up of that name.

    Returns
    -------
    DataFrame
        Index `arm`: `tape`, the model or, with scenarios, the scenario. `filled_share` is filled
        of all shares and `dark_share` dark ones of the filled, NaN of none; all other columns are
        those of the roll-up.
    """
    rows = by_all[by_all["population"] == HEADLINE_POPULATION]
    names = rows["scenario"].where(rows["scenario"].notna(), rows["model"])
    shares = {
        "filled_share": _share(rows["filled_quantity"], rows["quantity"]),
        "dark_share": _share(rows["dark_quantity"], rows["filled_quantity"]),
    }
    columns = [*_COUNTS, *shares, "fill_ratio_mean", *_MEANS]
    return rows.assign(**shares)[columns].set_axis(names.rename("arm"), axis="index")


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.astype("float64").where(whole != 0)


#: Reasons and partitions beyond these are only counted; arbitrary, a card is small.
_MOST_FAILED = 5

_SCORES = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "reachable_recall": "Recall, both orders in the book",
}


def run_card(
    manifest: Mapping[str, Any], arms: pd.DataFrame | None, report: Path, score: Replay | None
) -> str:
    """HTML of a run; `arms` is its answer (`arm_summary`), None where it left none."""
    partitions = manifest["partitions"]
    failed = [entry for entry in partitions if entry["state"] == "failed"]
    content = {
        "run": manifest,
        "states": Counter(entry["state"] for entry in partitions),
        "failed": failed[:_MOST_FAILED],
        "n_failed": len(failed),
        "arms": None if arms is None else _arms(arms, has_tape(manifest)),
        "has_tape": has_tape(manifest),
        "score": _score(manifest, score),
        "doubt": doubt(manifest, score),
        "report": _link(report),
    }
    return render("run_card.html", content)


def _arms(arms: pd.DataFrame, is_taped: bool) -> list[dict[Hashable, Any]]:
    """What is shown; without a tape only what does not build on it."""
    shown = arms if is_taped else arms[arms.index.isin(list(SCENARIOS))]
    return shown.reset_index().to_dict("records")


def _score(manifest: Mapping[str, Any], replay: Replay | None) -> Mapping[str, Any] | None:
    """The step-by-step score; of other input it says nothing about this run."""
    if replay is None or replay.fidelity is None or not replay.is_of(manifest):
        return None
    return replay.fidelity.resync if replay.fidelity.resync["tape"] else None


def replay_card(fidelity: Mapping[str, Any], status: str, source: str, report: Path) -> str:
    """HTML of a replay: the document in `fidelity.json`, its status, and where its input lies."""
    misses = Counter(miss["cause"] for part in fidelity["partitions"] for miss in part["misses"])
    content = {
        "status": status,
        "source": source,
        "n_partitions": len(fidelity["partitions"]),
        "modes": MODES,
        "total": fidelity["total"],
        "scores": _SCORES,
        "misses": misses.most_common(),
        "report": _link(report),
    }
    return render("replay_card.html", content)


def _link(report: Path) -> dict[str, str] | None:
    """Where a notebook finds a file: beside it by name, elsewhere by its address."""
    if not report.exists():
        return None
    here = Path.cwd()
    if report.is_relative_to(here):
        path = report.relative_to(here).as_posix()
        return {"address": quote(path), "text": path}
    return {"address": report.as_uri(), "text": str(report)}
