"""The score of the book on pages: a section of a run's report, and a replay's report of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.order_checks import ASSUMED_WITHOUT
from sweep_dask.errors import InputError
from sweep_dask.report.fidelity import Fidelity, read_fidelity
from sweep_dask.report.rendering import render
from sweep_dask.report.subject import commands_of, has_tape, is_unquoted, subject_of
from sweep_dask.report.wording import percent
from sweep_dask.storage.manifest import THROUGH
from sweep_dask.storage.processed import INGEST_SETTINGS
from sweep_dask.terms.files import FIDELITY
from sweep_dask.terms.score import EVENTS, KINDS, MODES, OUTCOMES, PREDICTED, UNTIL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

#: The longest list of partitions; arbitrary, a page for people.
MOST_PARTITIONS = 50

_NO_QUOTES = (
    "no quote is known, so that nothing trades in the dark and no sweep can be measured: there is "
    "no nbbo/, and no order has national_bid and national_offer. If orders have bid and offer, set "
    "centre_point: {quote_source: exchange} in config.yaml; then the same command gives an answer"
)

#: Settings that decide which orders go through what book.
_OF_BOOK = (*INGEST_SETTINGS, "preferencing", "block_min_value", "quote_source", "rules_off")


@dataclass(frozen=True)
class Replay:
    """The score of a run or a replay, or why it cannot be shown."""

    fidelity: Fidelity | None
    manifest: Mapping[str, Any]
    """Of whichever it is; empty without a manifest."""
    problem: str | None = None
    is_own: bool = False
    """Whether it is the run's own score."""

    @property
    def name(self) -> str:
        """Of its file, below the output folder."""
        return FIDELITY if self.is_own else f"replay/{FIDELITY}"

    @property
    def command(self) -> str:
        """What makes it anew."""
        return "run" if self.is_own else "replay"

    def is_of(self, run: Mapping[str, Any]) -> bool:
        """Whether it put the input of this run through the same book.

        Taken for granted if nothing says otherwise.
        """
        if self.is_own or not self.manifest.get("inputs"):
            return True
        return _digests(self.manifest) == _digests(run) and _book(self.manifest) == _book(run)


def read_replay(folder: Path) -> Replay | None:
    """The replay in a folder; None if there was none. What is damaged is said, not raised."""
    return _read(folder / FIDELITY, _read_manifest(folder))


def score_of_run(layout: OutputLayout, run: Mapping[str, Any]) -> Replay | None:
    """The score of a run, with what a replay beside says of the rules; or else of that replay."""
    beside = read_replay(layout.replay().root)
    if FIDELITY not in run["files"] or run["status"] not in THROUGH:
        return beside
    own = _read(layout.fidelity, run, is_own=True) or Replay(None, run, "it is missing", True)
    if own.fidelity is None or beside is None or beside.fidelity is None or not beside.is_of(run):
        return own
    names = ("ablations", "without_effect", "assumptions")
    measured = {name: getattr(beside.fidelity, name) for name in names}
    return replace(own, fidelity=replace(own.fidelity, **measured))


def doubt(run: Mapping[str, Any], score: Replay | None) -> str | None:
    """Why the answer of a run is not printed; None if its book was checked against the tape."""
    if run.get("scenarios") == {}:
        return "no scenario was run. The same command without --model runs them"
    checked = "the simulator was not checked against the tape on this input"
    if score is None or not score.is_own:
        # What a replay beside the run found is not in its intervals.
        is_asked = run.get("settings", {}).get("replay", {"value": True})["value"]
        without = "" if is_asked else " without --no-replay (centre_point.replay: false)"
        return f"{checked}. The same command{without} does that"
    if score.fidelity is None:
        return (
            f"{score.name}, which says how far the simulator can be trusted, cannot be read "
            f"({score.problem}). The same `{score.command}` again makes it anew"
        )
    if not score.fidelity.resync["tape"]:
        return (
            f"{checked}: the tape holds no dark match in continuous trading. An input that has "
            "some gives an answer"
        )
    # Without a tape other sentences say why there is no answer.
    return _NO_QUOTES if has_tape(run) and is_unquoted(run) else None


def distrust(run: Mapping[str, Any], score: Replay | None) -> str | None:
    """That the book does not reproduce the tape, and the likely why; None if it does.

    Drawing lots is right where nothing but priority is wrong, so that a book which is no better
    knows less than them. Where the two are equal, lots decided nothing, and tell nothing of it.
    """
    if score is None or score.fidelity is None or not score.fidelity.resync["tape"]:
        return None
    free = score.fidelity.free
    f1, by_lot = free["f1"] or 0.0, free["random_priority"]["f1"] or 0.0
    if f1 > by_lot or f1 == by_lot > 0:
        return None
    missing = [name for name in ASSUMED_WITHOUT if name not in run.get("order_columns", (name,))]
    why = f". The likely reason: the orders have no {', '.join(missing)}" if missing else ""
    return (
        f"The book does not reproduce this tape (F1 {percent(f1)}, by lot {percent(by_lot)}): "
        f"nothing below can be believed{why}"
    )


def _read(path: Path, manifest: Mapping[str, Any], *, is_own: bool = False) -> Replay | None:
    if not path.exists():
        return None
    try:
        return Replay(read_fidelity(path), manifest, is_own=is_own)
    except (OSError, ValueError) as error:
        return Replay(None, {}, str(error), is_own)


def fidelity_content(replay: Replay | None) -> dict[str, Any]:
    """What `fidelity.html` names."""
    return {
        "replay": replay,
        "modes": MODES,
        "until": UNTIL,
        "outcomes": OUTCOMES,
        "kinds": {"by_event": {name: EVENTS[name] for name in PREDICTED}, "by_kind": KINDS},
        "most_replayed": MOST_PARTITIONS,
    }


def replay_report_page(folder: Path, manifest: Mapping[str, Any]) -> str:
    """The text of a replay's `report.html`, from `fidelity.json` in `OUTPUT/replay`.

    `manifest`: the replay's; may be empty.

    Raises
    ------
    InputError
        `fidelity.json` is missing or cannot be read.
    """
    replay = read_replay(folder)
    if replay is None or replay.fidelity is None:
        raise _unreadable(folder, "the file is missing" if replay is None else str(replay.problem))
    subject = subject_of(manifest, replay.fidelity.partitions)
    content = fidelity_content(Replay(replay.fidelity, manifest))
    content |= {"run": None, "doubt": None, "subject": subject, "commands": commands_of(manifest)}
    return render("replay.html", content)


def _unreadable(folder: Path, reason: str) -> InputError:
    return InputError(
        "The score of the replay cannot be shown.",
        where=str(folder / "fidelity.json"),
        value=reason,
        cure="Run `sweep-dask replay` again, in the same version as this command.",
    )


def _read_manifest(folder: Path) -> Mapping[str, Any]:
    try:
        document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _book(manifest: Mapping[str, Any]) -> list[Any]:
    settings = manifest.get("settings", {})
    return [settings.get(name, {}).get("value") for name in _OF_BOOK]


def _digests(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((entry["file"], str(entry["digest"])) for entry in manifest["inputs"])
