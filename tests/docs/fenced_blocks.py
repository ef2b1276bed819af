"""The fenced blocks of README and documentation, and what becomes of each when it is run."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import click
from running import ROOT, invoke

from sweep_dask.cli import main
from sweep_dask.settings import load_settings

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
#: What a block's title begins with that is not run; the reason follows, for the reader too.
NOT_RUN = "Not run: "
#: For people alone. A `diff` is applied by `test_extending.py`.
SHOWN = ("text", "diff")

_FENCE = re.compile(r"^```(\S*?)(?: title=\"([^\"]*)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PROGRAM = re.compile(r"^(?:(\w+)=(\S+) )?(?:\S*python -m sweep_dask|\S*sweep-dask|dask sweep) ")
#: `test_wheel.py` does this.
_INSTALLS = re.compile(r"^(\S*pip install|python3 -m venv) ")
_EXIT_CODE = re.compile(r"#.*\bexit code (\d+)")
#: Commands whose output is shown line by line as it is.
_AS_PRINTED = ("check", "convert")
_NUMBER = re.compile(r"\d[\d,.]*")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    language: str
    title: str
    text: str

    @property
    def is_run(self) -> bool:
        return self.language not in SHOWN and not self.title.startswith(NOT_RUN)

    @property
    def where(self) -> str:
        return f"{self.page}, line {self.line}"

    def commands(self) -> list[tuple[str, str]]:
        """Commands of a `bash` or `console` block, each with the output shown behind it."""
        text = self.text.replace("\\\n", "")
        if self.language == "bash":
            return [(line, "") for line in text.splitlines() if line.strip()]
        shown = re.split(r"^\$ (.*)\n?", text, flags=re.MULTILINE)[1:]
        return list(zip(shown[::2], shown[1::2], strict=True))


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()
    return [
        Block(name, text.count("\n", 0, found.start()) + 1, found[1], found[2] or "", found[3])
        for found in _FENCE.finditer(text)
    ]


class Reader:
    """Somebody who does what a page says, block by block, in one folder (the current one)."""

    def __init__(self) -> None:
        self.namespace = {"__name__": "__main__"}

    def does(self, block: Block) -> None:
        """Run or validate a block; an AssertionError says what came out otherwise."""
        if block.title and block.language in ("json", "yaml", "python"):
            Path(block.title).write_text(block.text, encoding="utf-8")
        getattr(self, f"_{block.language}")(block)

    def _bash(self, block: Block) -> None:
        for command, shown in block.commands():
            require_command(block, command, shown)

    _console = _bash

    def _python(self, block: Block) -> None:
        with redirect_stdout(StringIO()):
            exec(compile(block.text, block.where, "exec"), self.namespace)

    def _yaml(self, block: Block) -> None:
        Path("block.yaml").write_text(block.text, encoding="utf-8")
        assert load_settings({"config": "block.yaml"}, {}, Path.cwd()).warnings == ()

    def _json(self, block: Block) -> None:
        json.loads(block.text)

    def _sql(self, block: Block) -> None:
        import duckdb

        assert duckdb.sql(block.text).fetchall(), block.where


def require_command(block: Block, command: str, shown: str) -> None:
    """Run a command of ours, and compare its output.

    Of `make`, look whether the target exists; what installs is left to its own tests.
    """
    if _INSTALLS.match(command):
        return
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), block.where
        return
    program = _PROGRAM.match(command)
    assert program, f"{block.where}: how is {command!r} to be tested?"
    environment = {program[1]: program[2]} if program[1] else {}
    result = invoke(*arguments_of(command), **environment)
    expected = _EXIT_CODE.search(command)
    code = int(expected[1]) if expected else 0
    assert result.exit_code == code, f"{block.where}: {command}\n{result.output}"
    require_shown(block, shown, result.output)
    if arguments_of(command)[0] in _AS_PRINTED:
        require_lines(block, shown, result.output)


def require_shown(block: Block, shown: str, printed: str) -> None:
    """Every text between two `…` is printed, in this order; numbers may be others."""
    rest = _comparable(printed)
    for text in map(_comparable, shown.split("…")):
        assert text in rest, f"{block.where}: not printed: {text!r}\n{printed}"
        rest = rest[rest.index(text) + len(text) :]


def require_lines(block: Block, shown: str, printed: str) -> None:
    """Every line is printed as it is shown, with its indentation; numbers may be others."""
    lines = {_NUMBER.sub("0", line) for line in printed.splitlines()}
    for line in shown.splitlines():
        assert "…" in line or _NUMBER.sub("0", line) in lines, f"{block.where}: {line!r}\n{printed}"


def _comparable(text: str) -> str:
    return " ".join(_NUMBER.sub("0", text).split())


def arguments_of(command: str) -> list[str]:
    """The arguments of a command of ours."""
    return shlex.split(_PROGRAM.sub("", command), comments=True)


def require_options(command: str) -> None:
    """Parse a command of ours that is not run: the command, its options and their number."""
    name, *arguments = arguments_of(command)
    found = main.get_command(click.Context(main), name)
    assert found is not None, command
    found.make_context(name, arguments)
