"""`manifest.json`: what an output folder holds and how it came about, with a digest of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.errors import InputError
from sweep_dask.storage.atomic import write_durably
from sweep_dask.storage.document_forms import MANIFEST, has_form
from sweep_dask.storage.frames import bytes_digest
from sweep_dask.storage.no_follow import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.storage.layout import OutputLayout

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

    Raises
    ------
    InputError
        There is none, or it cannot be read.
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

    Raises
    ------
    InputError
        There is none, it cannot be read, or it is not what was written.
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
