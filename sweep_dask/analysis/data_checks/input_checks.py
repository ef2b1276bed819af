"""All checks of the sums of an input; those of columns, quotes, ids and quantities are here.

Without some columns and quotes a run ends, and its answer says less. Ids that have been through
floating point make different orders one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.coverage import check_coverage
from sweep_dask.analysis.data_checks.findings import CONTRADICTION, WARNING, Finding, share
from sweep_dask.analysis.data_checks.orders_and_trades import check_orders_and_trades, check_repeats
from sweep_dask.analysis.data_checks.prices import check_prices
from sweep_dask.schema import LARGEST_QUANTITY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sweep_dask.analysis.data_checks.tally import Ids, Tally


def check_tally(tally: Tally, *, is_whole: bool) -> list[Finding]:
    """What the sums of an input show.

    Parameters
    ----------
    is_whole
        Whether they are of all rows; a sample cannot tell whether trades have their orders, nor
        what days and hours there are.
    """
    prices = check_prices(tally)
    found = check_ids(tally) + check_repeats(tally) + check_quantities(tally) + prices
    if is_whole:
        same_unit = not any(finding.check == "price_unit" for finding in prices)
        found += check_orders_and_trades(tally, same_unit=same_unit) + check_coverage(tally)
    return found


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

    `columns`: those that are read, of each table that has rows.
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


#: Fewer rows say nothing, nor do two or three ids (both arbitrary). Not more: of thousands of ids
#: that lie close together few are left after a double.
_MIN_IDS = 50
_MIN_VARYING_BITS = 3

_EXACT_BITS = 53


def check_ids(tally: Tally) -> list[Finding]:
    """A finding for every file whose order ids a double holds exactly."""
    found = [_check_file(file, ids) for file, ids in sorted(tally.ids.items())]
    return [finding for finding in found if finding is not None]


def _check_file(file: str, ids: Ids) -> Finding | None:
    if ids.n_large < _MIN_IDS or (ids.any_bit & ~ids.every_bit).bit_count() < _MIN_VARYING_BITS:
        return None
    n, n_double = ids.n_large, ids.n_double
    spacing = 1 << max(0, ids.largest.bit_length() - _EXACT_BITS)
    if n_double < 0.2 * n or spacing < 4:
        return None
    step = ids.any_bit & -ids.any_bit
    if n_double == n and step > spacing:
        return None  # ids that end in so many zero bits by design lose nothing in a double
    return Finding(
        "ids_through_double",
        CONTRADICTION if n_double > 0.9 * n else WARNING,
        f"{share(n_double, n)} of {n:,} order ids are multiples of "
        f"{_spacings(step if n_double == n else spacing, spacing)}: they went through floating "
        "point, and different orders have become one.",
        f"About one in {spacing:,}: near {ids.largest:.2g} doubles are {spacing:,} apart.",
        "Export the column as 64-bit integers or as text; lost digits cannot be brought back.",
        file,
        {"ids": n, "exact_doubles": n_double, "double_spacing": spacing},
    )


def _spacings(least: int, largest: int) -> str:
    """Ids of different sizes have different spacings."""
    return f"{least:,}" if least >= largest else f"{least:,} or {largest:,}"


def check_quantities(tally: Tally) -> list[Finding]:
    """A finding if rows of orders have quantities for which their orders are left out."""
    count = tally.of("orders", "too-large")
    if not count:
        return []
    return [
        Finding(
            "quantity_too_large",
            WARNING,
            f"In {count:,} order rows leavesquantity or totalmatchedquantity is beyond "
            f"{LARGEST_QUANTITY:,}. Their orders are left out of the Centre Point book.",
            "Quantities are shares; no order has as many.",
            "See whether quantities are shares, and whether columns are what their names say.",
            "orders",
            {"rows": count},
        )
    ]
