"""The command `check`, and the same looks at the input within `run` and `replay`."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.order_log import QuoteSource
from sweep_dask.analysis.data_checks.findings import (
    CONTRADICTION,
    SEVERITIES,
    Finding,
    by_severity,
)
from sweep_dask.analysis.data_checks.input_checks import check_columns, check_quotes, check_tally
from sweep_dask.analysis.data_checks.rejected import REJECTED, check_rejected, check_written
from sweep_dask.analysis.data_checks.tally import Tally
from sweep_dask.errors import InputError
from sweep_dask.storage.address import InputAddresses
from sweep_dask.storage.input_faults import SeveralFilesError
from sweep_dask.storage.sampling import sample_file
from sweep_dask.study.book import book_settings
from sweep_dask.study.plan import open_as_set
from sweep_dask.text_blocks import Sentence, indented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.centre_point.inputs import BookSettings
    from sweep_dask.analysis.data_checks.rejected import UnreadCells
    from sweep_dask.settings import Settings
    from sweep_dask.storage.inputs import Inputs
    from sweep_dask.storage.raw_files import InputFile
    from sweep_dask.storage.sampling import FileSample
    from sweep_dask.study.plan import Plan
    from sweep_dask.text_blocks import Block

logger = logging.getLogger(__name__)

#: Text of each table that `check` looks at, and that a run looks at before it begins: all of a
#: small input, and of a large one what takes a few seconds, or a part of one (arbitrary).
CHECK_BYTES = 1 << 26
RUN_BYTES = 1 << 21

_MOST_FILES = 64


@dataclass(frozen=True)
class Checked:
    """What a look at an input shows."""

    input: str
    findings: tuple[Finding, ...]
    """The gravest first."""
    rows: int
    """Rows looked at, without those of lit orders."""
    lit_rows: int
    """Those of lit orders, which say nothing here."""
    is_whole: bool
    """Whether they are all there are."""
    written: tuple[Finding, ...] = ()
    """The findings on cells that cannot be read."""
    is_damaged: bool = False
    """Whether a file could not be read to its end."""

    @property
    def exit_code(self) -> int:
        """Exit code of the process (contract)."""
        return InputError.exit_code if contradictions(self.findings) else 0

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "input": self.input,
            "ok": not contradictions(self.findings),
            "rows": self.rows,
            "lit_rows": self.lit_rows,
            "whole": self.is_whole,
            "findings": [finding.as_json() for finding in self.findings],
        }


def check(settings: Settings, folder: str | Sequence[str]) -> Checked:
    """Look at the input as a run would read it; writes nothing. Errors as of `book_settings`."""
    book = book_settings(settings)
    try:
        inputs = open_as_set(settings, folder)
    except InputError as error:
        address = str(InputAddresses.of(folder))
        errors = error.errors if isinstance(error, SeveralFilesError) else (error,)
        return Checked(address, tuple(map(_not_opened, errors)), 0, 0, is_whole=False)
    return look(inputs, settings, book, CHECK_BYTES)


def _not_opened(error: InputError) -> Finding:
    return Finding(
        "format",
        CONTRADICTION,
        error.what if error.value is None else f"{error.what} Found: {error.value}.",
        "Files of orders and trades with a header and the columns that docs/input.md lists.",
        error.cure or "",
        error.where or "",
    )


def look(inputs: Inputs, settings: Settings, book: BookSettings, most_bytes: int) -> Checked:
    """Look at about so much text of each table."""
    by_table: dict[str, list[InputFile]] = defaultdict(list)
    for file in inputs.readable:
        by_table[file.table].append(file)
    samples = [
        sample_file(file, inputs.headers[file.name], book.ticks, most_bytes // len(chosen))
        for files in by_table.values()
        for chosen in [files[:: -(-len(files) // _MOST_FILES)]]
        for file in chosen
    ]
    is_whole = len(samples) == len(inputs.readable) and all(s.is_whole for s in samples)
    tally = Tally()
    for sample in samples:
        tally.add(sample.tally)
    damaged = [_not_opened(sample.error) for sample in samples if sample.error is not None]
    written, rejected = _unread(samples, settings, is_whole=is_whole)
    of_tables = inputs.columns()
    columns = {table: of_tables[table].names for table in by_table}
    is_national = book.quote_source is QuoteSource.NATIONAL
    findings = [
        *damaged,
        *written,
        *rejected,
        *check_tally(tally, is_whole=is_whole),
        *check_quotes(tally, columns, is_national=is_national),
        *check_columns(columns),
    ]
    return Checked(
        str(inputs.address),
        tuple(by_severity(findings)),
        sum(sample.n_rows for sample in samples),
        sum(sample.n_filtered for sample in samples),
        is_whole,
        tuple(written),
        bool(damaged),
    )


def _unread(
    samples: Sequence[FileSample], settings: Settings, *, is_whole: bool
) -> tuple[list[Finding], list[Finding]]:
    """Findings on cells in another unit, and on rows that no such finding explains."""
    most = 0.0 if settings.on_bad_rows == "fail" else settings.max_bad_fraction
    written: list[Finding] = []
    unexplained: dict[str, list[UnreadCells]] = defaultdict(list)
    n_read: Counter[str] = Counter()
    for sample in samples:
        n_read[sample.table] += sample.n_rows + sample.n_filtered
        for unread in sample.unread:
            mapped = settings.convert_values.get(unread.table, {}).get(unread.column, {})
            found = check_written(unread, mapped)
            written += found
            if not found:
                unexplained[unread.table].append(unread)
    rejected = [
        finding
        for table, unread in unexplained.items()
        for finding in check_rejected(unread, n_read[table], most, is_whole=is_whole)
    ]
    return written, rejected


def look_before(plan: Plan) -> list[Finding]:
    """A look at the input before a run reads all of it; errors as of `heed`.

    Returns
    -------
    list of Finding
        Those on cells that cannot be read, which are not among the rows that a run counts.
    """
    checked = look(plan.inputs, plan.settings, plan.book, RUN_BYTES)
    if not checked.is_damaged:  # reading all of it will tell of all such files at once
        # It counts all rows that cannot be read, too, and lists them.
        heed([f for f in checked.findings if f.check != REJECTED], plan.settings)
    return list(checked.written)


def findings_on(tally: Tally, written: Sequence[Finding]) -> list[Finding]:
    """All findings on an input that has been read, the gravest first."""
    return by_severity([*written, *check_tally(tally, is_whole=True)])


def noted(findings: list[Finding], settings: Settings) -> list[Finding]:
    """The same findings, of this run or of an earlier one, in the log; errors as of `heed`."""
    heed(findings, settings)
    for line in described(findings):
        logger.info(line.strip())
    return findings


def contradictions(findings: Sequence[Finding]) -> list[Finding]:
    """The findings for which a run stops."""
    return [finding for finding in findings if finding.severity == CONTRADICTION]


def heed(findings: Sequence[Finding], settings: Settings) -> None:
    """Stop for contradictions by an InputError that lists them, or, if told to, warn of them."""
    grave = contradictions(findings)
    if settings.on_contradiction == "warn":
        for finding in grave:
            logger.warning("the input contradicts itself: %s", "; ".join(described([finding])))
    if not grave or settings.on_contradiction == "warn":
        return
    raise InputError(
        "The input contradicts itself, and an answer from it would be wrong:\n"
        + "\n".join(described(grave)),
        cure="Mend it, or say in the configuration how it is written; "
        "`check` shows all findings, --on-contradiction warn goes on all the same.",
    )


def described(findings: Sequence[Finding]) -> list[str]:
    """Lines for the terminal."""
    lines = []
    for finding in findings:
        where = f"{finding.where}: " if finding.where else ""
        lines += [
            f"  {finding.severity}: {where}{finding.found}",
            f"    expected: {finding.expected}",
            f"    cure:     {finding.cure}",
        ]
    return lines


def describe_check(checked: Checked) -> list[Block]:
    """All findings, for people."""
    rows = f"{checked.rows:,} ({'all of them' if checked.is_whole else 'a sample'})"
    if not checked.rows:
        rows = "none"
    elif checked.lit_rows:
        of = "" if checked.is_whole else " in a sample"
        rows = (
            f"{checked.rows:,} of {checked.rows + checked.lit_rows:,}{of}; the rest are lit orders"
        )
    blocks: list[Block] = [Sentence(f"Input: {checked.input}"), f"  Rows looked at: {rows}"]
    if not checked.findings:
        return [*blocks, "  Nothing found that speaks against a run."]
    counts = [
        f"{count:,} {severity}{'s' * (count > 1)}"
        for severity in SEVERITIES
        if (count := sum(finding.severity == severity for finding in checked.findings))
    ]
    lines = [f"  {line}" for line in described(checked.findings)]
    return [*blocks, f"  Found: {', '.join(counts)}", *indented(lines)]
