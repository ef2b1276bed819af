"""The command `convert`: an input written anew in the raw format."""

from __future__ import annotations

import logging
import shlex
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sweep_dask.schema import BY_NAME
from sweep_dask.settings import require_known_columns
from sweep_dask.storage.atomic import write_json
from sweep_dask.storage.convert import ConvertedFile, convert_file, names_in_file
from sweep_dask.storage.formats import FORMATS
from sweep_dask.storage.input_places import table_of_folder
from sweep_dask.storage.inputs import require_unchanged
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.new_folder import new_folder, require_new
from sweep_dask.study.apart import require_apart
from sweep_dask.study.plan import open_as_set
from sweep_dask.text_blocks import indented

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sweep_dask.settings import Settings
    from sweep_dask.storage.inputs import Inputs
    from sweep_dask.storage.raw_files import InputFile
    from sweep_dask.text_blocks import Block

logger = logging.getLogger(__name__)

#: What was done, beside the tables.
RECORD = "convert.json"


@dataclass(frozen=True)
class Converted:
    """What was written."""

    input: str
    output: str
    files: tuple[ConvertedFile, ...]
    warnings: tuple[str, ...]
    """What of the input was not read, and which texts have no code."""

    @property
    def rows(self) -> int:
        """Of all files: as many as the input has."""
        return sum(file.rows for file in self.files)

    def as_json(self) -> dict[str, Any]:
        """As in `convert.json`."""
        files = [asdict(file) for file in self.files]
        return {"input": self.input, "output": self.output, "rows": self.rows, "files": files,
                "warnings": list(self.warnings)}  # fmt: skip


def convert(
    settings: Settings, inputs: Sequence[str], output: Path, *, compress: bool = False
) -> Converted:
    """Write the input, read as the settings say, to a new folder in the raw format.

    The folder appears when all of it is written; what stops before leaves nothing, or what the next
    one to the same folder takes away.

    Raises
    ------
    UsageError
        The folder exists and is not empty, cannot be made or lies among the input; the settings
        name what is not there.
    InputError
        The input cannot be read, or changed meanwhile.
    OSError
        The disk is full, or fails.
    """
    require_new(output)
    known = {name: [column.name for column in table.columns] for name, table in BY_NAME.items()}
    require_known_columns(
        settings.convert_values, known, "convert.values", settings.sources["convert_values"]
    )
    opened = open_as_set(settings, inputs)
    require_apart(opened.discovery, OutputLayout(output))
    with new_folder(output.absolute()) as staging:
        converted = _convert(settings, opened, output, staging, compress=compress)
        require_unchanged(opened.discovery)
        write_json(staging / RECORD, converted.as_json())
    return converted


def _convert(
    settings: Settings, opened: Inputs, output: Path, staging: Path, *, compress: bool
) -> Converted:
    files = []
    written_to = _names(opened.readable, ".csv.gz" if compress else ".csv")
    for file, written in zip(opened.readable, written_to, strict=True):
        (staging / written).parent.mkdir(exist_ok=True)
        header = opened.headers[file.name]
        names = names_in_file(file, header, tuple(settings.header.get(file.table, ())))
        values = settings.convert_values.get(file.table, {})
        files.append(convert_file(file, header, values, names, staging, written))
        logger.info("%s: %s rows", file.name, f"{files[-1].rows:,}")
    unmapped = tuple(f"{file.file}: {told}." for file in files for told in file.unmapped)
    return Converted(str(opened.address), str(output), tuple(files), (*opened.warnings, *unmapped))


def _names(files: Sequence[InputFile], ending: str) -> list[str]:
    """Where each file is written: in the folder of its table, in the order of the input."""
    names = [f"{file.table}/{_flat(file)}{ending}" for file in files]
    # Tables come one after the other; of a table the order of files is that of their names.
    tables = [file.table for file in files]
    if all(
        one < other or a != b for (one, a), (other, b) in pairwise(zip(names, tables, strict=True))
    ):
        return names
    width = len(str(len(files)))
    return [
        f"{file.table}/{number:0{width}}-{_flat(file)}{ending}"
        for number, file in enumerate(files, 1)
    ]


def _flat(file: InputFile) -> str:
    """`2024-10-04-o` for `2024-10-04/orders/o.csv.gz`."""
    ending = next(end for end, fmt in FORMATS.items() if fmt == file.format)
    parts = file.name[: -len(ending)].split("/")
    return "-".join([*(p for p in parts[:-1] if table_of_folder(p) is None), parts[-1]])


def describe_converted(converted: Converted, program: str) -> list[Block]:
    """What was done, for people, who call the program so."""
    lines = [f"Input: {converted.input}"]
    for file in converted.files:
        lines.append(f"  {file.written}: {file.rows:,} rows, all of {file.file}")
        lines += [f"    {conversion}" for conversion in file.conversions]
    next_step = f"{program} check {shlex.quote(converted.output)}"
    return indented([*lines, f"{converted.rows:,} rows read and written. Next: {next_step}"])
