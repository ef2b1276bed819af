"""The source keeps its own rules: style, types, import directions, and what may be committed."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from project_files import project_files
from running import ROOT

#: What the tool is called in `import`, and the arguments Python runs it with.
TOOLS = {
    "ruff check": ("ruff", ["-m", "ruff", "check"]),
    "ruff format": ("ruff", ["-m", "ruff", "format", "--check"]),
    "mypy": ("mypy", ["-m", "mypy"]),
    # import-linter cannot be started with -m.
    "lint-imports": (
        "importlinter",
        [
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-logo",
            "--no-cache",
        ],
    ),
}

#: Folders that exist on one machine only. Bytes, so that Parquet and HTML are searched too; a
#: match inside a longer path or an address is none.
MACHINE_PATH = re.compile(rb"(?<![\w.~-])/(?:work|root|home|Users)/[\w.-]+")

#: The package is downloaded with its sample market; one megabyte is the size agreed for it.
SAMPLE_LIMIT_BYTES = 1_000_000


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_finds_nothing(tool: str) -> None:
    module, arguments = TOOLS[tool]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed (it is part of the 'test' extra)")
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = {
        str(file.relative_to(ROOT)): sorted(set(MACHINE_PATH.findall(file.read_bytes())))
        for file in project_files()
    }
    assert {file: paths for file, paths in found.items() if paths} == {}


def test_machine_path_pattern_tells_paths_from_addresses() -> None:
    folder = b"/" + b"root" + b"/project"  # in pieces: this file is searched as well
    assert MACHINE_PATH.search(b"open('" + folder + b"')")
    assert MACHINE_PATH.search(b"file://" + folder)
    assert not MACHINE_PATH.search(b"https://example.org" + folder)
    assert not MACHINE_PATH.search(b"data" + folder)


def test_notebooks_are_committed_without_output() -> None:
    notebooks = [file for file in project_files() if file.suffix == ".ipynb"]
    assert [file.name for file in notebooks if has_output(file)] == []


def test_sample_market_is_small() -> None:
    sample = [file for file in project_files() if ROOT / "sweep_dask/sample/market" in file.parents]
    assert sample, "the built-in sample market is missing"
    assert sum(file.stat().st_size for file in sample) < SAMPLE_LIMIT_BYTES


def has_output(notebook: Path) -> bool:
    """Whether a cell carries results or the number of its last execution."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
