"""Commands as a shell takes them: with the folders of the run, and the options it was given."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from sweep_dask.settings import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep_dask.settings import Option

_PROGRAM = "sweep-dask"
#: Of a repetition: what is finished is kept.
_NOT_AGAIN = ("fresh",)
#: What leaves the book unscored, and what `replay` does not know.
_UNSCORED = ("models", "scenarios", "replay")


def commands_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Each in one line, for a shell in the folder that the run was started in.

    Settings of the environment and of a configuration file are there again; those of the
    command line are repeated.

    Returns
    -------
    dict
        `run`, `scored` (the same with everything that an answer needs), `replay`, `report` and
        `verify`; empty for a manifest that does not say where its run wrote.
    """
    output = manifest.get("settings", {}).get("output", {}).get("value")
    if output is None:
        return {}
    given = [] if manifest.get("sample") else manifest.get("given", [manifest["input"]])
    source = list(map(_place, given))
    return {
        "run": _line("run", *source, *_given(manifest, _NOT_AGAIN)),
        "scored": _line("run", *source, *_given(manifest, (*_NOT_AGAIN, *_UNSCORED))),
        "replay": _line("replay", *source, *_given(manifest, (*_NOT_AGAIN, *_UNSCORED))),
        "report": _line("report", _place(output)),
        "verify": _line("verify", _place(output)),
    }


def explain_command(manifest: Mapping[str, Any], order_id: int) -> str:
    """What tells all that became of one order."""
    return _line("explain", str(order_id), "--output", output_of(manifest))


def output_of(manifest: Mapping[str, Any]) -> str:
    """The output folder, as the run was told it."""
    return str(manifest["settings"]["output"]["value"])


def _place(path: str) -> str:
    """A folder whose name begins as that of an option is told apart from one."""
    return f"./{path}" if path.startswith("-") else path


def _line(*words: str) -> str:
    return shlex.join([_PROGRAM, *words])


def _given(manifest: Mapping[str, Any], without: Iterable[str]) -> list[str]:
    """Options of the command line, and where the results are."""
    settings = manifest["settings"]
    words = ["--output", str(settings["output"]["value"])]
    for option in OPTIONS:
        setting = settings.get(option.name, {"source": "default"})
        is_given = setting["source"] == "command line" and bool(option.flags)
        if is_given and option.name not in (*without, "output"):
            words += _words(option, setting["value"])
    return words


def _words(option: Option, value: Any) -> list[str]:
    if option.flag_value is not None:
        return [option.flags[-1]]
    if option.multiple:
        return [word for one in value for word in (option.flags[-1], str(one))]
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return [option.flags[-1], text]
