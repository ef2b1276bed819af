"""All checks of the sums of an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.coverage import check_coverage
from sweep_dask.analysis.data_checks.ids import check_ids
from sweep_dask.analysis.data_checks.orders_and_trades import check_orders_and_trades
from sweep_dask.analysis.data_checks.prices import check_prices
from sweep_dask.analysis.data_checks.quantities import check_quantities

if TYPE_CHECKING:
    from sweep_dask.analysis.data_checks.findings import Finding
    from sweep_dask.analysis.data_checks.tally import Tally


def check_tally(tally: Tally, *, is_whole: bool) -> list[Finding]:
    """What the sums of an input show.

    Parameters
    ----------
    is_whole
        Whether they are of all rows; a sample cannot tell whether trades have their orders, nor
        what days and hours there are.
    """
    prices = check_prices(tally)
    found = check_ids(tally) + check_quantities(tally) + prices
    if is_whole:
        same_unit = not any(finding.check == "price_unit" for finding in prices)
        found += check_orders_and_trades(tally, same_unit=same_unit) + check_coverage(tally)
    return found
