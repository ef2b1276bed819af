"""Pages on configuration and machine say what the program does: their tables are checked."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pytest
from derived_sizes import BYTES_PER_ROW, derived_sizes

from sweep_dask import memory, system_config
from sweep_dask.memory import (
    BASE_PROCESS_BYTES,
    BLOCK_MEMORY_FACTOR,
    COMFORTABLE_BLOCKSIZE_BYTES,
    GIB,
    MINIMUM_BLOCKSIZE_BYTES,
    WHOLE_RUN_PERCENT,
    format_bytes,
)
from sweep_dask.schema import TABLES
from sweep_dask.settings import OPTIONS, Option, load_settings, require_known_columns
from sweep_dask.system_config import (
    CHUNK_MEMORY_PERCENT,
    CHUNK_ROW_BYTES,
    LARGEST_DERIVED_CHUNK_ROWS,
    LARGEST_DERIVED_WORKERS,
    SMALLEST_DERIVED_CHUNK_ROWS,
    _calculate_optimal_chunk_size,
    _calculate_optimal_workers,
)

_DOCS = Path(__file__).parents[1] / "docs"
PAGE = (_DOCS / "configuration.md").read_text(encoding="utf-8")
SYSTEM = (_DOCS / "system.md").read_text(encoding="utf-8")


def table(first_head: str, page: str = PAGE) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the table whose first column is called so."""
    lines = page[page.index(f"\n| {first_head} |") + 1 :].splitlines()
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in takewhile(lambda line: line.startswith("|"), lines)
    ]
    return cells[0], cells[2:]


def code(text: str) -> str:
    escaped = text.replace("|", "\\|")  # a bar would end the cell, also inside code
    return f"`{escaped}`" if text else ""


def documented(option: Option) -> list[str]:
    default = option.shown(option.default)
    return [
        code(f"{', '.join(option.flags)} {option.metavar}".strip()),
        ", ".join(map(code, option.environment)),
        code(option.key or ""),
        default if default == option.unset else code(default),
        option.help,
    ]


def test_table_of_options_is_the_one_the_program_reads():
    heads, rows = table("Flag")
    assert heads == ["Flag", "Variable", "Key in `config.yaml`", "Default", "Meaning"]
    assert rows == [documented(option) for option in OPTIONS]


def test_example_is_read_without_a_warning_and_has_every_key(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "config.yaml").write_text(example, encoding="utf-8")
    settings = load_settings({"config": "config.yaml"}, {}, tmp_path)
    assert settings.warnings == ()
    given = {name for name, source in settings.sources.items() if source.kind == "file"}
    assert given == {option.name for option in OPTIONS if option.key}
    known = {table.name: [column.name for column in table.columns] for table in TABLES}
    require_known_columns(settings.columns, known)


def cell(cpus: int, available_bytes: int) -> str:
    """Memory limit of a worker and blocksize, as a cell of the table."""
    found = derived_sizes(cpus, available_bytes)
    sizes = f"{format_bytes(found.worker_bytes)}, {format_bytes(found.blocksize_bytes)}"
    return sizes if found.workers == found.wanted_workers else f"{found.workers} workers: {sizes}"


def test_table_of_derived_sizes_follows_from_the_rules():
    sizes_bytes = [gib * GIB for gib in (4, 8, 16, 64)]
    heads, rows = table("CPUs", SYSTEM)
    assert heads[2:] == [
        f"{size_bytes // GIB} GiB ({_calculate_optimal_chunk_size(size_bytes):,} rows)"
        for size_bytes in sizes_bytes
    ]
    assert rows == [
        [
            f"{cpus}",
            f"{_calculate_optimal_workers(cpus)}",
            *(cell(cpus, size_bytes) for size_bytes in sizes_bytes),
        ]
        for cpus in (1, 2, 4, 8, 32)
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        f"needs about {BASE_PROCESS_BYTES // 1024**2} MiB + {BLOCK_MEMORY_FACTOR} ",
        f"a block of {MINIMUM_BLOCKSIZE_BYTES // 1024} KiB",
        f"hold a block of {COMFORTABLE_BLOCKSIZE_BYTES // 1024**2} MiB",
        f"For rows of {BYTES_PER_ROW} bytes",
    ],
)
def test_numbers_in_the_text_are_those_of_the_rules(sentence):
    assert sentence in " ".join(SYSTEM.split())


def test_formulas_name_functions_and_constants_that_are_there():
    _, rows = table("Quantity", SYSTEM)
    functions = [row[2].strip("`") for row in rows]
    assert functions
    rules = vars(memory) | vars(system_config)
    assert all(callable(rules[name]) for name in functions)
    formulas = " ".join(row[1] for row in rows)
    for number in (
        f"2, {LARGEST_DERIVED_WORKERS})",
        f"{CHUNK_MEMORY_PERCENT / 100} *A* / {CHUNK_ROW_BYTES:,}",
        f"at least {SMALLEST_DERIVED_CHUNK_ROWS:,}, at most {LARGEST_DERIVED_CHUNK_ROWS:,}",
        f"{WHOLE_RUN_PERCENT / 100} *A*",
        f"{BASE_PROCESS_BYTES // 1024**2} MiB + {BLOCK_MEMORY_FACTOR} ",
        f"{BLOCK_MEMORY_FACTOR} · {COMFORTABLE_BLOCKSIZE_BYTES // 1024**2} MiB",
        f"at least {MINIMUM_BLOCKSIZE_BYTES // 1024} KiB",
    ):
        assert number in formulas, number


def test_names_in_python_are_all_on_the_page_of_the_api():
    _, rows = table("Name in Python", (_DOCS / "api.md").read_text(encoding="utf-8"))
    assert rows == [[f"`{it.name}`", f"`{it.key or it.flags[-1]}`"] for it in OPTIONS]
