"""What a run cannot answer, and why: a missing number is never left to the reader to explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.report.outcomes import Comparison
    from sweep_dask.report.side_by_side import SideBySide

_NO_TABLES = (
    "What the sweeps would have got: the run ended before the results of its partitions were "
    "combined, so there are no figures to show. Partitions that were finished are kept; the same "
    "command goes on from there."
)
_NO_SWEEPS = (
    "What the sweeps would have got: the input holds no sweep order (exchange order type 2048), "
    "so there is nothing to compare."
)
_NO_FINISHED_SWEEPS = (
    "What the sweeps would have got: no partition that finished holds a sweep order (exchange "
    "order type 2048), so there is nothing to compare."
)
_NO_COMPARED_SWEEPS = (
    "What the sweeps would have got in the scenarios: no sweep{known} has a limit price and was "
    "entered in continuous trading, and only such sweeps can be treated differently."
)
_NO_MATCHES = (
    "Price and speed of simulated fills: the simulation made no match. For no sweep with something "
    "left did an order of the other side, with a price to trade at, arrive while the sweep was "
    "there. The simulated quantity of 0 is a result, not a gap."
)
_NO_TRADES = (
    "Price, speed and number of real fills: the input holds no trade of a Centre Point order of "
    "these dates and securities, so numbers of real matches are 0 and nothing is compared trade by "
    "trade. Real matched quantities come from the orders themselves and stand."
)
_NO_TAPE = (
    "What really filled: the input holds no trade of a Centre Point order of these dates and "
    "securities. The line of the tape is 0, no lit fill is given to the sweeps of a scenario, and "
    "none of their lines is to be read as what would have happened."
)
_NO_QUOTES = (
    "Prices at the quote of the moment: no quote belongs to these dates and securities. The "
    "simulation took its prices from the quotes written on the orders."
)


def gaps(
    manifest: Mapping[str, Any], comparison: Comparison | None, sweeps: SideBySide | None
) -> list[str]:
    """One sentence or more for every question of the report that stays open.

    Parameters
    ----------
    comparison, sweeps
        Results of the time-priority and of the Centre Point model; None if it was not run.
    """
    return list(_gaps(manifest, comparison, sweeps))


def _gaps(
    manifest: Mapping[str, Any], comparison: Comparison | None, sweeps: SideBySide | None
) -> Iterator[str]:
    failed = sum(partition["state"] == "failed" for partition in manifest["partitions"])
    if failed:
        yield (
            f"The outcome in {failed:,} of {len(manifest['partitions']):,} partitions: they "
            "failed, and no figure on this page contains them."
        )
    yield from _without_sweeps(comparison, sweeps, failed)
    if comparison and comparison.total.sweeps and manifest["counts"]["matches"] == 0:
        yield _NO_MATCHES
    if _kept(manifest, "trades") == 0:
        if comparison or not sweeps:
            yield _NO_TRADES
        if sweeps:
            yield _NO_TAPE
    if _kept(manifest, "nbbo") == 0:
        yield _NO_QUOTES


def _without_sweeps(
    comparison: Comparison | None, sweeps: SideBySide | None, failed: int
) -> Iterator[str]:
    counts = [0 if comparison is None else comparison.total.sweeps, sweeps.sweeps if sweeps else 0]
    if comparison is None and sweeps is None:
        yield _NO_TABLES
    elif not any(counts):
        yield _NO_FINISHED_SWEEPS if failed else _NO_SWEEPS
    elif sweeps and not sweeps.compared:
        known = " that the time-priority model knows too" if sweeps.time_priority else ""
        yield _NO_COMPARED_SWEEPS.format(known=known)


def _kept(manifest: Mapping[str, Any], table: str) -> int:
    return sum(entry["kept"] for entry in manifest["ledger"] if entry["table"] == table)
