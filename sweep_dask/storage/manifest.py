"""`manifest.json`: what an output folder holds and how it came about, with a digest of itself.

Somebody may have written or changed a manifest or a receipt by hand. It is only read if its members
are what they are said to be here: names in it become paths, which can lead nowhere else.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.errors import InputError
from sweep_dask.storage.atomic import bytes_digest, write_durably
from sweep_dask.storage.layout import EARLIER_REJECTS, REJECTS
from sweep_dask.storage.no_follow import read_regular
from sweep_dask.terms.choices import LIFETIME_NAME as LIFETIME
from sweep_dask.terms.choices import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.storage.layout import OutputLayout

#: In a form: a text, or null.
_TEXT_OR_NULL = (str, type(None))
_NUMBER = (int, float)
_COUNTS = {...: int}
_RUN_ID = re.compile(r"[0-9a-z]+", re.ASCII)
_SWITCH = re.compile("|".join(SWITCHES), re.ASCII)
_REJECTS = re.compile(rf"{REJECTS}|{EARLIER_REJECTS}/{_RUN_ID.pattern}", re.ASCII)


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_OUTCOME = {"gaps?": [str], "left_out?": _COUNTS, "scenarios?": {...: _COUNTS}}
_PARTITION = {
    **_OUTCOME,
    "date": _is_date,
    "security": int,
    "state": str,
    "counts?": _COUNTS,
    "covered?": bool,
    "earlier_run?": _TEXT_OR_NULL,
    "fingerprint?": _TEXT_OR_NULL,
    "reason?": _TEXT_OR_NULL,
    "run?": _RUN_ID,
    "seconds?": _NUMBER,
    "signature?": _TEXT_OR_NULL,
}
_LEDGER_LINE = {
    "file": str,
    "table": str,
    "read": int,
    "kept": int,
    "filtered": _COUNTS,
    "rejected": _COUNTS,
}
_CHECK = {
    "severity": re.compile("note|warning|contradiction"),
    **dict.fromkeys(("check", "found", "expected", "cure", "where"), str),
    "counts": _COUNTS,
}
_NAMES = {"value": [str], "source": str}
_SETTINGS = {
    "models": _NAMES,
    "scenarios": _NAMES,
    "replay?": {"value": bool, "source": str},
    "lifetime?": {"value": LIFETIME, "source": str},
    "lifetimes?": {"value": [LIFETIME], "source": str},
    "adoption_groups?": {"value": int, "source": str},
    "adoption_shares?": {"value": [_NUMBER], "source": str},
    "adoption_participant?": {"value": (int, type(None)), "source": str},
    "switches?": {"value": [_SWITCH], "source": str},
    "adoption_seed?": {"value": int, "source": str},
    "dark_fee_bps?": {"value": _NUMBER, "source": str},
    "lit_fee_bps?": {"value": _NUMBER, "source": str},
    ...: {"value": object, "source": str},
}
_INGEST = {"run": _RUN_ID, "started": str, "files": {...: str}}
_RUN = {
    "checks?": [_CHECK],
    "command?": str,
    "ingest?": (_INGEST, type(None)),
    "input?": str,
    "inputs?": [{"file": str, "bytes?": (int, type(None)), "digest": _TEXT_OR_NULL}],
    "ledger": [_LEDGER_LINE],
    "order_columns?": [str],
    "rejects?": _REJECTS,
    "run?": _RUN_ID,
    "sample?": bool,
    "settings?": _SETTINGS,
    "started?": str,
    "status": str,
    "superseded_rows?": _COUNTS,
    "version?": str,
}
MANIFEST = {
    **_RUN,
    "assumptions?": [str],
    "block_sizes?": [{"block": int, "blocksize_bytes": int, "memory_share": _NUMBER}],
    "centre_point_stages?": [{"name": str, "task_seconds": _NUMBER}],
    "counts?": _COUNTS,
    "earlier_runs?": [{**_RUN, "run": _RUN_ID}],
    "files": {...: str},
    "left_out?": _COUNTS,
    "machine?": {
        "cpu_count?": int,
        "available_memory_bytes?": int,
        "defaults_used?": bool,
        "cluster?": {...: (int, str)},
    },
    "model_stages?": [{"stage": int, "name": str, "task_seconds": _NUMBER}],
    "partitions": [_PARTITION],
    "peak_memory?": {"largest_process_bytes": int, "all_processes_bytes": int},
    "pieces?": {...: str},
    "placing?": [str],
    "removed_files?": int,
    "scenarios?": {...: _COUNTS},
    "signature?": _TEXT_OR_NULL,
    "stages?": [{"name": str, "seconds": _NUMBER}],
    "status_before?": str,
    "warnings?": [str],
}


RECEIPT = {
    "fingerprint": str,
    "counts": _COUNTS,
    "files": {...: str},
    "centre_point": (_OUTCOME, type(None)),
    "signature?": _TEXT_OR_NULL,
    "trading?": ({"windows": [[int]], "is_recorded": bool}, type(None)),
    "digest": str,
}


def has_form(value: Any, form: Any) -> bool:
    """Whether a value is as sweep_dask writes it.

    `form`: a type, a pattern of texts or a question; several of which one is right; a list with the
    form of all items; or the forms of members, where `name?` may be absent and `...` stands for all
    that have none of their own, which otherwise may be anything.
    """
    match form:
        case type():
            return isinstance(value, form) and (form is not int or not isinstance(value, bool))
        case re.Pattern():
            return isinstance(value, str) and form.fullmatch(value) is not None
        case tuple():
            return any(has_form(value, one) for one in form)
        case [item]:
            return isinstance(value, list) and all(has_form(one, item) for one in value)
        case dict():
            return isinstance(value, dict) and _has_members(value, form)
    return bool(form(value))


def _has_members(members: Mapping[str, Any], form: Mapping[Any, Any]) -> bool:
    forms = {str(name).removesuffix("?"): one for name, one in form.items() if name is not ...}
    needed = {name for name in form if name is not ... and name in forms}
    return needed <= members.keys() and all(
        has_form(value, forms.get(name, form.get(..., object))) for name, value in members.items()
    )


FORMAT = 1

#: States of a run that has been through all of its partitions.
THROUGH = ("done", "partial")

#: A run works in the folder, or was killed there.
RUNNING = "running"

#: What a manifest is known by.
_NEEDED = {"status", "files", "ledger", "partitions"}

#: Came with the digest.
_WITH_DIGEST = {"run", "signature", "earlier_runs", "order_columns", "rejects", "removed_files"}

#: Stands for the digest of a manifest while that is computed.
_BLANK = f"sha256:{0:064d}"


class Manifest(NamedTuple):
    """A manifest as it was found."""

    document: dict[str, Any]
    is_intact: bool
    """Whether it is what was written: its digest is right, or it is of a version without one."""


def write_manifest(layout: OutputLayout, document: Mapping[str, Any]) -> None:
    """Put a manifest in place; the digest of its text, itself left blank, stands in it last."""
    without = {name: value for name, value in document.items() if name not in ("format", "digest")}
    text = json.dumps({"format": FORMAT, **without, "digest": _BLANK}, indent=1) + "\n"
    write_durably(layout.manifest, _with_digest(text, _BLANK, _text_digest(text)).encode())


def _text_digest(text: str) -> str:
    return bytes_digest(text.encode())


def _with_digest(text: str, before: str, after: str) -> str:
    head, _, tail = text.rpartition(before)
    return f"{head}{after}{tail}"


def find_manifest(layout: OutputLayout) -> Manifest:
    """The manifest of an output folder, also one that was changed after it was written.

    Raises InputError: there is none, or it cannot be read.
    """
    try:
        text = read_regular(layout.manifest).decode("utf-8")
        document = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(layout, str(error)) from error
    if not isinstance(document, dict) or not document.keys() >= _NEEDED:
        raise _unreadable(layout, f"it lacks some of {', '.join(sorted(_NEEDED))}")
    return Manifest(document, _is_intact(document, text))


def _is_intact(document: Mapping[str, Any], text: str) -> bool:
    digest = document.get("digest")
    if digest is None:
        # The first manifests had no digest, and nothing of what came with it.
        return document.get("format") == FORMAT and not document.keys() & _WITH_DIGEST
    if not isinstance(digest, str) or len(digest) != len(_BLANK):
        return False
    return _text_digest(_with_digest(text, digest, _BLANK)) == digest


def read_manifest(layout: OutputLayout) -> dict[str, Any]:
    """The manifest of an output folder.

    Raises InputError: there is none, it cannot be read, or it is not what was written.
    """
    manifest = find_manifest(layout)
    if not manifest.is_intact:
        raise _unreadable(layout, "its digest differs: it was changed after it was written")
    if not has_form(manifest.document, MANIFEST):
        raise _unreadable(layout, "it has not the form of one")
    return manifest.document


def _unreadable(layout: OutputLayout, reason: str) -> InputError:
    return InputError(
        "The output folder has no manifest that can be read.",
        where=str(layout.manifest),
        value=reason,
        cure="Name a folder that `sweep-dask run` wrote.",
    )
