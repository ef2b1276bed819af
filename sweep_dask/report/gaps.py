"""What a run cannot answer, and why: a missing number is never left to the reader to explain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sweep_dask.report.rollups import arm_of
from sweep_dask.report.subject import has_tape, is_unquoted, kept_rows, untaped_partitions
from sweep_dask.report.wording import changes
from sweep_dask.terms.arms import BY_TIME_PRIORITY, REAL, REPLAYED
from sweep_dask.terms.dimensions import SHORT_SELLS
from sweep_dask.terms.reasons import NO_QUOTES, NO_SESSION_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep_dask.report.rollups import Rollups, Row
    from sweep_dask.terms.arms import Arm

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
    "not looked at. See the table Short sell."
)
_NO_CLOSE = (
    "How long sweeps could wait in {count:,} of {all:,} partitions: no session row tells when "
    "continuous trading ends, so that it is taken not to end; from 23 June 2025 on, to end by the "
    "timetable."
)
_NO_QUOTES_IN_SOME = (
    "What sweeps fill and cost in {count:,} of {all:,} partitions: neither the quote "
    "file nor an order has a quote, so that there is no midpoint to measure them at."
)
_NO_PRICES = (
    "What the sweeps cost: none of them has a bid and an offer to take the midpoint of on arrival, "
    "so costs, spreads and shortfalls are missing."
)
_NO_TAPE = (
    "What really filled, and so what a change would have done: the input holds no trade of a "
    "Centre Point order of these dates and securities{that_tells}. No lit fill is given to the "
    "sweeps of a scenario, and none of the arms is to be read as what would have happened. "
    "Simulations are compared with each other only; time priority, which adds to what really "
    "filled, is not shown."
)
_FAILED = "The outcome in {failed:,} of {all:,} partitions: they failed, and are in no figure here."
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


#: The longest list of warnings; arbitrary, a page for people.
_MOST_WARNINGS = 100


@dataclass(frozen=True)
class _Run:
    """What the questions are asked of."""

    manifest: Mapping[str, Any]
    rollups: Rollups | None
    is_through: bool

    @property
    def partitions(self) -> Sequence[Mapping[str, Any]]:
        return list(self.manifest["partitions"])

    @property
    def failed(self) -> int:
        return sum(entry["state"] == "failed" for entry in self.partitions)

    @property
    def aside(self) -> int:
        """Partitions of earlier runs that cannot be put together with this one."""
        uncovered = sum(not entry.get("covered", True) for entry in self.partitions)
        return max(uncovered - self.failed, 0)


@dataclass(frozen=True)
class _RunWithSweeps:
    """A run with sweeps in continuous trading."""

    manifest: Mapping[str, Any]
    rollups: Rollups

    @property
    def is_taped(self) -> bool:
        return has_tape(self.manifest)

    @property
    def scenarios(self) -> list[Arm]:
        """Those in which something is changed."""
        return [arm for arm in changes(self.rollups.arms) if arm.scenario]

    @property
    def totals(self) -> list[Row]:
        """Of each arm, the tape's first."""
        return [total for arm in self.rollups.arms if (total := self.rollups.total(arm))]


def gaps_content(
    manifest: Mapping[str, Any], rollups: Rollups | None, *, is_through: bool
) -> dict[str, Any]:
    """What `gaps.html` names."""
    texts = gaps(manifest, rollups, is_through=is_through)
    return {"gaps": texts, "most_warnings": _MOST_WARNINGS}


def gaps(manifest: Mapping[str, Any], rollups: Rollups | None, *, is_through: bool) -> list[str]:
    """One sentence or more for every question of the report that stays open.

    `is_through`: whether the run came to its end.
    """
    run = _Run(manifest, rollups, is_through)
    texts = [question(run) for question in _OF_PARTITIONS_LOST]
    if rollups is not None and rollups.total(REAL) is not None:
        with_sweeps = _RunWithSweeps(manifest, rollups)
        texts += [question(with_sweeps) for question in _OF_THE_ANSWER]
    else:
        texts.append(_no_answer(run))
    texts += [question(run) for question in _OF_THE_INPUT]
    return [text for text in texts if text]


def _failed(run: _Run) -> str | None:
    return _FAILED.format(failed=run.failed, all=len(run.partitions)) if run.failed else None


def _aside(run: _Run) -> str | None:
    return _ASIDE.format(aside=run.aside, all=len(run.partitions)) if run.aside else None


def _no_answer(run: _Run) -> str | None:
    """Why there are no figures of sweeps in continuous trading."""
    if run.rollups is None:
        return _NO_ROLLUPS if run.is_through else _NOT_THROUGH
    if any(row["n_sweeps"] for row in run.rollups.by_all):
        return _NOT_CONTINUOUS
    # Where no partition is covered that says it all.
    if run.aside and run.failed + run.aside >= len(run.partitions):
        return None
    return _NO_FINISHED_SWEEPS if run.failed else _NO_SWEEPS


def _unchanged(run: _RunWithSweeps) -> str | None:
    """What the scenarios that were run cannot be measured against."""
    is_replayed = REPLAYED in run.rollups.arms
    if not run.scenarios:
        return _NO_SCENARIO.format(besides=" besides as entered" if is_replayed else "")
    if not is_replayed:
        return _NO_REPLAY if run.is_taped else _NOTHING_TO_COMPARE
    return _NO_SUMS if run.is_taped and not run.rollups.verdicts else None


def _all_filled(run: _RunWithSweeps) -> str | None:
    tape = run.totals[0]
    return _ALL_FILLED if run.is_taped and tape["n_filled"] == tape["n_sweeps"] else None


def _no_dark(run: _RunWithSweeps) -> str | None:
    return None if any(total["dark_quantity"] for total in run.totals) else _NO_DARK


def _one_side(run: _RunWithSweeps) -> str | None:
    sides = {row["segment"] for row in run.rollups.segments["side"]}
    return _ONE_SIDE.format(side=sides.pop()) if len(sides) == 1 else None


def _one_participant(run: _RunWithSweeps) -> str | None:
    rows = run.rollups.segments["participant"]
    return _ONE_PARTICIPANT if len(rows) == len(run.totals) else None


def _no_matches(run: _RunWithSweeps) -> str | None:
    is_run = BY_TIME_PRIORITY in run.rollups.arms
    made_none = run.manifest["counts"].get("matches") == 0
    return _NO_MATCHES if run.is_taped and is_run and made_none else None


def _no_prices(run: _RunWithSweeps) -> str | None:
    return None if run.totals[0]["n_priced"] else _NO_PRICES


def _short_sells(run: _RunWithSweeps) -> str | None:
    """How many of the sweeps that scenarios place otherwise are short sells, if any is."""
    total, kinds = run.totals[0], run.rollups.segments["short_sell"] if run.scenarios else ()
    for row in kinds:
        if arm_of(row) == run.rollups.arms[0] and row["segment"] == SHORT_SELLS[1]:
            counts = {"count": row["n_sweeps"], "quantity": row["quantity"]}
            return _SHORT_SELLS.format(**counts, all=total["n_sweeps"], entered=total["quantity"])
    return None


def _no_tape(run: _Run) -> str | None:
    untaped, finished = untaped_partitions(run.manifest)
    if not has_tape(run.manifest):
        trades = kept_rows(run.manifest, "trades")
        return _NO_TAPE.format(that_tells=" that tells dark from lit" if trades else "")
    return _SOME_UNTAPED.format(untaped=untaped, finished=finished) if untaped else None


def _in_some(run: _Run, *, gap: str, text: str) -> str | None:
    """What partitions lack, in how many of those that the page is about."""
    covered = [entry for entry in run.partitions if entry.get("covered", True)]
    count = sum(gap in entry.get("gaps", ()) for entry in covered)
    return text.format(count=count, all=len(covered)) if count else None


def _no_quotes(run: _Run) -> str | None:
    is_missing = kept_rows(run.manifest, "nbbo") == 0 and not is_unquoted(run.manifest)
    return _NO_QUOTES if is_missing else None


#: The questions in the order of the page: each has a sentence, or None if it is answered.
_OF_PARTITIONS_LOST: tuple[Callable[[_Run], str | None], ...] = (_failed, _aside)
_OF_THE_ANSWER: tuple[Callable[[_RunWithSweeps], str | None], ...] = (
    *(_unchanged, _all_filled, _no_dark, _one_side, _one_participant, _no_matches, _no_prices),
    _short_sells,
)
_OF_THE_INPUT: tuple[Callable[[_Run], str | None], ...] = (
    _no_tape,
    partial(_in_some, gap=NO_SESSION_ROWS, text=_NO_CLOSE),
    partial(_in_some, gap=NO_QUOTES, text=_NO_QUOTES_IN_SOME),
    _no_quotes,
)
