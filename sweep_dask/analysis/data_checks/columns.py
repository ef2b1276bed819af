"""Columns and quotes without which a run ends, and its answer says less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.findings import WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sweep_dask.analysis.data_checks.tally import Tally

_NATIONAL = ("national_bid", "national_offer")

#: What is not known without columns that a file may lack, by table: those that decide most.
_LOST = {
    "orders": {
        ("midtick",): "half ticks of limits",
        ("minimumquantity", "singlefillminimumquantity"): "what is too small for an order",
        ("participantid",): "whose it is",
    },
    "trades": {
        ("dealsource", "matchgroupid", "side"): "which are dark: nothing can be compared",
        ("participantid", "passiveaggressive"): "whose orders trade first with themselves",
    },
}

#: Fewer rows of orders may have no national quote by chance (arbitrary).
_MIN_ROWS = 200


def check_columns(columns: Mapping[str, Collection[str]]) -> list[Finding]:
    """A finding if columns are missing that decide how well the tape is reproduced.

    Parameters
    ----------
    columns
        Those that are read, of each table that has rows.
    """
    lost = [
        f"{', '.join(missing)} of {table} ({what})"
        for table, groups in _LOST.items()
        if table in columns
        for names, what in groups.items()
        if (missing := [name for name in names if name not in columns[table]])
    ]
    if not lost:
        return []
    return [
        Finding(
            "columns",
            WARNING,
            f"What decides which orders meet is missing: {'; '.join(lost)}.",
            "All terms of orders, and trades that tell dark from lit.",
            "Add these columns, or name them under `columns`. docs/your-data.md says how much less "
            "of the tape a run reproduces without them.",
        )
    ]


def check_quotes(
    tally: Tally, columns: Mapping[str, Collection[str]], *, is_national: bool
) -> list[Finding]:
    """A finding if no midpoint can be had as the settings ask for it."""
    has_columns = set(_NATIONAL) <= set(columns.get("orders", ()))
    has_national = has_columns and not _is_blank(tally, "national_bid")
    if not is_national or has_national or "nbbo" in columns:
        return []
    own = "; or take that of the exchange: `centre_point: {quote_source: exchange}`"
    return [
        Finding(
            "quotes",
            WARNING,
            "No national quote: neither nbbo files nor national_bid and national_offer of orders. "
            "Without a midpoint nothing trades in the dark, and the answer stays empty.",
            "Quotes in nbbo files, or with each row of orders.",
            f"Add nbbo files{'' if _is_blank(tally, 'bid') else own}.",
        )
    ]


def _is_blank(tally: Tally, quote: str) -> bool:
    return tally.of("orders rows") >= _MIN_ROWS and not any(
        name.startswith(f"orders {quote} ") for name in tally.counts
    )
