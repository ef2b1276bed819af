"""The replay's score on pages: a section of a run's report, and a report of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import InputError
from sweep_dask.report.fidelity import (
    EVENTS,
    KINDS,
    MODES,
    OUTCOMES,
    UNTIL,
    Fidelity,
    read_fidelity,
)
from sweep_dask.report.rendering import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: The longest list of partitions; arbitrary, a page for people.
MOST_PARTITIONS = 50


@dataclass(frozen=True)
class Replay:
    """What a replay folder holds: its score, or why it cannot be shown."""

    fidelity: Fidelity | None
    manifest: Mapping[str, Any]
    """Empty without a manifest."""
    problem: str | None = None

    def is_of(self, run: Mapping[str, Any]) -> bool:
        """Whether it read the input of this run; taken for granted if nothing says otherwise."""
        return not self.manifest.get("inputs") or _digests(self.manifest) == _digests(run)


def read_replay(folder: Path) -> Replay | None:
    """The replay beside a run; None if there was none. What is damaged is said, not raised."""
    path = folder / "fidelity.json"
    if not path.exists():
        return None
    try:
        return Replay(read_fidelity(path), _read_manifest(folder))
    except (OSError, ValueError) as error:
        return Replay(None, {}, str(error))


def fidelity_content(replay: Replay | None) -> dict[str, Any]:
    """What `fidelity.html` names."""
    return {
        "replay": replay,
        "modes": MODES,
        "until": UNTIL,
        "outcomes": OUTCOMES,
        "kinds": {"by_event": EVENTS, "by_kind": KINDS},
        "most_replayed": MOST_PARTITIONS,
    }


def replay_report_page(folder: Path, manifest: Mapping[str, Any]) -> str:
    """The text of a replay's `report.html`, from its `fidelity.json`.

    Parameters
    ----------
    folder
        `OUTPUT/replay`.
    manifest
        The replay's; may be empty.

    Raises
    ------
    InputError
        `fidelity.json` is missing or cannot be read.
    """
    replay = read_replay(folder)
    if replay is None or replay.fidelity is None:
        raise _unreadable(folder, "the file is missing" if replay is None else str(replay.problem))
    content = fidelity_content(Replay(replay.fidelity, manifest))
    return render("replay.html", content | {"run": None})


def _unreadable(folder: Path, reason: str) -> InputError:
    return InputError(
        "The score of the replay cannot be shown.",
        where=str(folder / "fidelity.json"),
        value=reason,
        cure="Run `sweep_dask replay` again, in the same version as this command.",
    )


def _read_manifest(folder: Path) -> Mapping[str, Any]:
    try:
        document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _digests(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((entry["file"], str(entry["digest"])) for entry in manifest["inputs"])
