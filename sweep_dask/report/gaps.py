"""What a run cannot answer, and why: a missing number is never left to the reader to explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.metrics.lines import REAL, REPLAYED
from sweep_dask.analysis.rollups.dimensions import SHORT_SELLS
from sweep_dask.report.line_words import changes
from sweep_dask.report.rollups import line_of
from sweep_dask.report.tape import has_tape, kept_rows, untaped_partitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.report.rollups import Rollups

_NOT_THROUGH = (
    "What the sweeps would have got: the run ended before the results of its partitions were "
    "combined, so there are no figures to show. Partitions that were finished are kept; the same "
    "command goes on from there."
)
_NO_ROLLUPS = (
    "What the sweeps would have got: the folder holds no roll-ups (tables/rollups), because an "
    "older version wrote it. Run the same command again with this version."
)
_NO_SWEEPS = (
    "What the sweeps would have got: the input holds no sweep order (exchange order type 2048), "
    "so there is nothing to compare."
)
_NO_FINISHED_SWEEPS = (
    "What the sweeps would have got: no partition that finished holds a sweep order (exchange "
    "order type 2048), so there is nothing to compare."
)
_NOT_CONTINUOUS = (
    "What the sweeps would have got: none of them was entered in continuous trading, and only such "
    "sweeps can be treated differently."
)
_NO_SCENARIO = (
    "What another way of placing the rest would have changed: no scenario was run{besides}. A run "
    "without --model and --scenario has all of them."
)
_NO_REPLAY = (
    "What the scenarios change without the error of the book: as entered was not run, so they are "
    "measured against the tape, and the error of the book is in the difference."
)
_NOTHING_TO_COMPARE = (
    "How the scenarios differ from doing nothing: as entered was not run, and there is no tape."
)
_ALL_FILLED = (
    "Whether more would have filled: every sweep really filled whole, so that no simulation can "
    "fill more. Price and time are compared all the same."
)
_NO_DARK = (
    "What the dark book gives: no sweep met anybody there, neither for real nor in a simulation. "
    "With orders of one side only, for instance, nobody can."
)
_ONE_SIDE = (
    "Whether it is the same on both sides: all of these sweeps {side}, and what is good for them "
    "need not be for the other side."
)
_NO_MATCHES = (
    "What time priority changes: the model made no match. For no sweep with something left did an "
    "order of the other side, with a price to trade at, arrive while the sweep was there. The "
    "difference of 0 is a result, not a gap."
)
_NO_SUMS = (
    "Whether an answer holds under other choices: the folder has no sums of them, because an older "
    "version ran its partitions. Run the same command again with this version."
)
_ONE_PARTICIPANT = (
    "Whether it is the same for others: all of these sweeps are of one participant, or of none "
    "that is known, and what is good for its way of trading need not be for another."
)
_SHORT_SELLS = (
    "What is particular to short sales: {count:,} of these {all:,} sweeps, with {quantity:,} of "
    "the {entered:,} shares entered, are short sells. Scenarios place and match them like any "
    "other sell: how many of their shares are short, and whatever rule only short sales have, is "
    "not looked at. By short sell they can be told apart."
)
#: What partitions lack, and what that leaves open in how many of how many.
_OF_PARTITIONS = {
    "no_session_rows": "How long sweeps could wait in {count:,} of {all:,} partitions: no session "
    "row tells when continuous trading ends, so that it is taken not to end.",
    "no_quotes": "What sweeps fill and cost in {count:,} of {all:,} partitions: neither the quote "
    "file nor an order has a quote, so that there is no midpoint to measure them at.",
}
_NO_PRICES = (
    "What the sweeps cost: none of them has a bid and an offer to take the midpoint of on arrival, "
    "so costs, spreads and shortfalls are missing."
)
_NO_TAPE = (
    "What really filled, and so what a change would have done: the input holds no trade of a "
    "Centre Point order of these dates and securities{that_tells}. No lit fill is given to the "
    "sweeps of a scenario, and none of the lines is to be read as what would have happened. "
    "Simulations are compared with each other only; time priority, which adds to what really "
    "filled, is not shown."
)
_ASIDE = (
    "The outcome in {aside:,} of {all:,} partitions in the folder: they are of earlier runs with "
    "other models, scenarios, settings or another version, and no figure on this page contains "
    "them. Run them again to have them here."
)
_SOME_UNTAPED = (
    "What really filled in {untaped:,} of {finished:,} partitions: they have no trades, or none "
    "that tell dark from lit, so that nothing counts as filled there for real. The figures hold "
    "them all the same; by security or date they can be told apart."
)
_NO_QUOTES = (
    "Prices at the quote of the moment: no quote belongs to these dates and securities. All prices "
    "come from the quotes written on the orders."
)


def gaps(manifest: Mapping[str, Any], found: Rollups | None, *, is_through: bool) -> list[str]:
    """One sentence or more for every question of the report that stays open.

    Parameters
    ----------
    found
        None if there are no roll-ups.
    is_through
        Whether the run came to its end.
    """
    return list(_gaps(manifest, found, is_through))


def _gaps(manifest: Mapping[str, Any], found: Rollups | None, is_through: bool) -> Iterator[str]:
    failed = sum(partition["state"] == "failed" for partition in manifest["partitions"])
    if failed:
        yield (
            f"The outcome in {failed:,} of {len(manifest['partitions']):,} partitions: they "
            "failed, and no figure on this page contains them."
        )
    aside = sum(not partition.get("covered", True) for partition in manifest["partitions"]) - failed
    if aside > 0:
        yield _ASIDE.format(aside=aside, all=len(manifest["partitions"]))
    if found is None:
        yield _NO_ROLLUPS if is_through else _NOT_THROUGH
    elif not any(row["n_sweeps"] for row in found.by_all):
        if failed + aside < len(manifest["partitions"]) or not aside:
            yield _NO_FINISHED_SWEEPS if failed else _NO_SWEEPS
    elif found.total(REAL) is None:
        yield _NOT_CONTINUOUS
    else:
        yield from _of_lines(manifest, found)
        yield from _of_short_sells(found)
    yield from _of_tape(manifest)
    yield from _of_partitions(manifest)
    if kept_rows(manifest, "nbbo") == 0:
        yield _NO_QUOTES


def _of_partitions(manifest: Mapping[str, Any]) -> Iterator[str]:
    covered = [entry for entry in manifest["partitions"] if entry.get("covered", True)]
    for gap, text in _OF_PARTITIONS.items():
        count = sum(gap in entry.get("gaps", ()) for entry in covered)
        if count:
            yield text.format(count=count, all=len(covered))


def _of_tape(manifest: Mapping[str, Any]) -> Iterator[str]:
    untaped, finished = untaped_partitions(manifest)
    if not has_tape(manifest):
        trades = kept_rows(manifest, "trades")
        yield _NO_TAPE.format(that_tells=" that tells dark from lit" if trades else "")
    elif untaped:
        yield _SOME_UNTAPED.format(untaped=untaped, finished=finished)


def _of_short_sells(found: Rollups) -> Iterator[str]:
    """How many of the sweeps that scenarios place otherwise are short sells, if any is."""
    line = found.lines[0]
    total = found.total(line)
    if total is None or not any(other.scenario for other in changes(found.lines)):
        return
    for row in found.segments["short_sell"]:
        if line_of(row) == line and row["segment"] == SHORT_SELLS[1]:
            counts = {"count": row["n_sweeps"], "quantity": row["quantity"]}
            yield _SHORT_SELLS.format(**counts, all=total["n_sweeps"], entered=total["quantity"])


def _of_lines(manifest: Mapping[str, Any], found: Rollups) -> Iterator[str]:
    """Questions that hang on what was run and on what it found."""
    is_taped = has_tape(manifest)
    changed = [line for line in changes(found.lines) if line.scenario]
    if not changed:
        yield _NO_SCENARIO.format(besides=" besides as entered" if REPLAYED in found.lines else "")
    elif REPLAYED not in found.lines:
        yield _NO_REPLAY if is_taped else _NOTHING_TO_COMPARE
    elif is_taped and not found.verdicts:
        yield _NO_SUMS
    totals = [total for line in found.lines if (total := found.total(line))]
    tape = totals[0]
    if is_taped and tape["n_filled"] == tape["n_sweeps"]:
        yield _ALL_FILLED
    if not any(total["dark_quantity"] for total in totals):
        yield _NO_DARK
    sides = {row["segment"] for row in found.segments["side"]}
    if len(sides) == 1:
        yield _ONE_SIDE.format(side=sides.pop())
    if len(found.segments["participant"]) == len(totals):
        yield _ONE_PARTICIPANT
    has_time_priority = any(line.scenario is None and line != REAL for line in found.lines)
    if is_taped and has_time_priority and manifest["counts"].get("matches") == 0:
        yield _NO_MATCHES
    if not tape["n_priced"]:
        yield _NO_PRICES
