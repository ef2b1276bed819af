"""Order ids that lead nowhere: what is none, and what is known of one that the output lacks."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from sweep_dask.errors import UsageError
from sweep_dask.explain.files import ORDER_ID, order_rows
from sweep_dask.storage.parquet_files import bounds, numbers_between
from sweep_dask.storage.receipts import finished_partitions
from sweep_dask.terms.files import SWEEP_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sweep_dask.explain.files import Files
    from sweep_dask.storage.layout import Partition


#: Ids of 19 digits that a float cannot tell apart are up to so far from each other.
_FLOAT_GAP = 1 << 10
#: Most ids, rows or partitions that are named; arbitrary.
_MOST_NAMED = 3


def unknown_order(files: Files, manifest: Mapping[str, Any], order_id: int) -> UsageError:
    """The error for an id that no partition has, with the nearest facts."""
    partitions = finished_partitions(files.layout)
    near = _near(files, partitions, order_id)
    rejected = _rejected(files, order_id)
    facts = [
        *(f"Rejected: {where}." for where in rejected),
        _held(files, partitions),
        *_failed(manifest),
        *_filtered(manifest),
    ]
    return UsageError(
        "\n".join([f"There is no order {order_id} in this output.", *facts]),
        where=str(files.layout.root),
        value=order_id,
        cure=_cure(near, _any_sweep(files, partitions), is_rejected=bool(rejected)),
    )


def other_date(order_id: int, asked: Sequence[str], partitions: Sequence[Partition]) -> UsageError:
    """The error for an order that is there, on other dates."""
    dates = sorted({partition.date for partition in partitions})
    return UsageError(
        f"Order {order_id} has no rows on {_named(asked, 'or')}.",
        cure=f"It is there on {_named(dates)}.",
    )


def _held(files: Files, partitions: Sequence[Partition]) -> str:
    if not partitions:
        return "No partition is finished there."
    dates = sorted({partition.date for partition in partitions})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    known = [
        found
        for partition in partitions
        if (found := bounds(order_rows(files.layout, partition), ORDER_ID)) is not None
    ]
    ids = f", with order ids from {min(known)[0]} to {max(high for _, high in known)}"
    securities = len({partition.security for partition in partitions})
    noun = "security" if securities == 1 else "securities"
    return f"It holds {securities:,} {noun} of {when}{ids if known else ''}."


def _failed(manifest: Mapping[str, Any]) -> Iterator[str]:
    failed = [
        f"{entry['date']} {entry['security']}"
        for entry in manifest["partitions"]
        if entry.get("state") == "failed"
    ]
    if failed:
        yield f"Of partitions that failed there may be none: {_named(failed)}."


def _filtered(manifest: Mapping[str, Any]) -> Iterator[str]:
    orders = [entry for entry in manifest["ledger"] if entry["table"] == "orders"]
    filtered = sum(sum(entry["filtered"].values()) for entry in orders)
    if filtered:
        yield (
            f"Lit orders are not kept: {filtered:,} order rows without a Centre Point or sweep bit "
            "were filtered."
        )


def _rejected(files: Files, order_id: int) -> list[str]:
    """Rows with this id that could not be read."""
    folder = files.layout.root / "rejects"
    found = []
    for path in sorted(folder.glob("**/orders.parquet")):
        rows = files.columns(path, ("file", "line", "reason", "column", "raw"))
        has_id = pc.match_substring_regex(rows["raw"], rf"(^|\D){order_id}(\D|$)")
        found += [
            f"{row['file']}, line {row['line']}, {row['reason']}"
            + (f" in {row['column']}" if row["column"] else "")
            for row in rows.filter(has_id).to_pylist()
        ]
    return found[:_MOST_NAMED]


def _near(files: Files, partitions: Iterable[Partition], order_id: int) -> list[int]:
    """Ids that may be meant: the same to a float, or but for the last digits, which are zeros."""
    digits = str(order_id)
    zeros = len(digits) - len(digits.rstrip("0"))
    reach = max(_FLOAT_GAP, 10**zeros)
    found: set[int] = set()
    for partition in partitions:
        path = order_rows(files.layout, partition)
        found |= numbers_between(path, ORDER_ID, order_id - reach, order_id + reach)
    return sorted(found, key=lambda one: (abs(one - order_id), one))[:_MOST_NAMED]


def _any_sweep(files: Files, partitions: Iterable[Partition]) -> int | None:
    """The first id of a sweep that is measured, in the first partition that has one."""
    for partition in partitions:
        path = files.layout.outputs(*partition) / f"{SWEEP_METRICS}.parquet"
        # One that is missing or damaged is not what was asked about.
        with suppress(OSError, pa.ArrowException, LookupError):
            if (found := bounds(path, ORDER_ID)) is not None:
                return found[0]
    return None


def _cure(near: Sequence[int], any_sweep: int | None, *, is_rejected: bool) -> str:
    if is_rejected:
        return "Mend the row in the input and run again."
    if near:
        return (
            f"Did you mean {_named([str(one) for one in near], 'or')}? An id that went through a "
            "float or a spreadsheet has lost its last digits."
        )
    if any_sweep is None:
        return "Name an order of the output."
    return f"Name an order of the output, such as the sweep {any_sweep}."


def _named(names: Sequence[str], conjunction: str = "and") -> str:
    """A few of some names; the others are counted."""
    shown = list(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        shown.append(f"{len(names) - _MOST_NAMED:,} more")
    *others, last = shown
    return f"{', '.join(others)} {conjunction} {last}" if others else last


_LARGEST = 2**63 - 1


def parse_order_id(text: str) -> int:
    """The whole number; blanks, commas and underscores between its digits do not matter.

    Raises
    ------
    UsageError
        It is none, or too large for one.
    """
    digits = re.sub(r"[ ,_]", "", text)
    # Python refuses to convert thousands of digits.
    if re.fullmatch(r"0*[0-9]{1,19}", digits, re.ASCII) and int(digits[-19:]) <= _LARGEST:
        return int(digits[-19:])
    is_float = re.fullmatch(r"[0-9]+\.[0-9]*|[0-9]+(\.[0-9]*)?[eE]\+?[0-9]+", digits, re.ASCII)
    what = "An order id is a whole number of at most 19 digits."
    cure = "Give its digits, such as 7904794000123498602."
    if is_float:
        cure = "A float has lost the last of 19 digits: take the id from the input or a table."
    raise UsageError(what, where="ORDER_ID", value=text, cure=cure)
