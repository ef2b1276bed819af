"""The verdicts of a run in words: what is decided, by how much, and what turns the rest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.report import wording
from sweep_dask.report.effects import METRICS, MetricWords
from sweep_dask.report.wording import Cell, cell, label, over
from sweep_dask.terms.choices import AUD, BOOK, INTERVALS, NOT_DECIDED, SWEEP, WEIGHTS, adopters
from sweep_dask.terms.metrics import ANSWER, COLUMNS, FILL_RATIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.report.rollups import Rollups, Row

#: What a choice is made of, by what it is called where choices are counted.
_AXES = {"lifetime": "lifetime", "share": "adoption", "weight": "weight", "assumption": "switch"}
#: Between the parts of `turned_by`.
_AND = "; "


@dataclass(frozen=True)
class Verdict:
    """A row of `verdicts`, and rows of `robustness`."""

    row: Row
    everybody: Row
    """If everybody changes."""
    with_book_errors: Row | None
    """With the book's own error; None where that is not told."""
    choices: Choices

    @property
    def arm(self) -> str:
        """The scenario."""
        return str(self.row["scenario"])

    @property
    def words(self) -> MetricWords:
        """The metric in words."""
        return METRICS[self.row["metric"]]

    @property
    def is_decided(self) -> bool:
        """Whether it is better or worse."""
        return bool(self.row["verdict"] != NOT_DECIDED)

    @property
    def doubts(self) -> list[str]:
        """What speaks against a verdict."""
        return self.row["turned_by"].split(_AND) if self.row["turned_by"] else []

    @property
    def said(self) -> str:
        """The effect in words, with its interval."""
        return self.words.said_within(*(self.row[name] for name in ("effect", "low", "high")))

    @property
    def size(self) -> str:
        """The effect in words."""
        return self.words.said_within(self.row["effect"], None, None)

    @property
    def has_one_sign(self) -> bool:
        """Whether no choice turns the effect, or leaves nothing of it."""
        return (self.row["smallest"] or 0) * (self.row["largest"] or 0) > 0

    @property
    def turn(self) -> list[str]:
        """How far choices turn the effect, in words; nothing if none does.

        A sign is changed by however little: what rounds to nothing is said exactly.
        """
        effect = self.row["effect"] or 0
        farthest = self.row["smallest" if effect > 0 else "largest"] or 0
        return [f"at most to {self.words.said_exactly(farthest)}"] if effect * farthest < 0 else []

    @property
    def range(self) -> str:
        """From the smallest to the largest over all choices, in words."""
        smallest, largest = self.row["smallest"], self.row["largest"]
        if smallest is None:
            return wording.NONE
        farthest = max(smallest, largest, key=abs)
        way = f" {self.words.way(farthest)}" if smallest * largest >= 0 and farthest else ""
        return self.words.between(smallest, largest) + way

    @property
    def sentence(self) -> str:
        """Of one with one sign: what the arm would do, and by how much under which choices."""
        effect, words = self.row["effect"], self.words
        low, high = self.row["low"], self.row["high"]
        within = "" if low is None else f" ({words.between(low, high)})"
        shares = {self.choices.marginal.share: f"{words.size(effect)}{within}"}
        shares.setdefault(1.0, words.size(self.everybody["effect"]))
        of_one = self.choices.adoption_participant
        sizes = [f"by {size} if {adopters(share, of_one)}" for share, size in shares.items()]
        would = COLUMNS[self.row["metric"]].metric.would[effect < 0]
        over_all = words.between(self.row["smallest"], self.row["largest"])
        return f"would {would}, {', '.join(sizes)}, and by {over_all} over all choices"

    def cell(self, name: str) -> Cell:
        """A column, in the unit of the table, with its text in that of the page."""
        form = wording.p_value if name == "p_holm" else self.words.change
        key = f"verdicts/{self.arm}/{self.row['metric']}/{name}"
        return cell(key, self.row[name], form)

    def book_cell(self, name: str) -> Cell:
        """A column of the row with the book's own error."""
        assert self.with_book_errors is not None
        key = "/".join(("robustness", self.arm, self.row["metric"], INTERVALS[BOOK], name))
        return cell(key, self.with_book_errors[name], self.words.change)

    @property
    def everybody_cell(self) -> Cell:
        """The effect if everybody changes."""
        return effect_cell(self.everybody)


def effect_cell(row: Row) -> Cell:
    """The effect of a row of `robustness`; amounts are shown in thousands of dollars."""
    names = ("scenario", "metric", "weight", "lifetime", "adoption", "switch")
    parts = (row[name] for name in names if row[name] != "")
    key, effect = "/".join(("robustness", *map(str, parts))), row["effect"]
    if row["weight"] == WEIGHTS[AUD]:
        digits = 0 if row["metric"] == FILL_RATIO else 1
        return Cell(key, effect, wording.change(over(effect, 1_000), digits))
    return cell(key, effect, METRICS[row["metric"]].change)


def verdicts_of(rollups: Rollups, choices: Choices) -> list[Verdict]:
    """By scenario and metric."""
    everybody = {
        (row["scenario"], row["metric"]): row
        for metric in ANSWER
        for row in rollups.effects(metric)
        if (row["weight"], row["lifetime"]) == (WEIGHTS[SWEEP], choices.lifetime)
        and row["adoption"] == 1
    }
    with_errors = {
        (row["scenario"], row["metric"]): row
        for metric in ANSWER
        for row in rollups.with_book_errors(metric)
        if row["weight"] == WEIGHTS[SWEEP] and row["low"] is not None
    }
    of_verdicts = [((row["scenario"], row["metric"]), row) for row in rollups.verdicts]
    return [Verdict(row, everybody[key], with_errors.get(key), choices) for key, row in of_verdicts]


def looked_at(rollups: Rollups) -> str:
    """Over how many choices a verdict has to hold: the fewer they are, the easier it is."""
    rows = [*rollups.effects(FILL_RATIO), *rollups.switched(FILL_RATIO)]
    # Dollars have the sign of the mean by value.
    rows = [row for row in rows if row["weight"] != WEIGHTS[AUD]]
    combinations = {tuple(row[axis] for axis in _AXES.values()) for row in rows}
    # No switch is none of the assumptions put the other way.
    values = {noun: {row[axis] for row in rows} - {""} for noun, axis in _AXES.items()}
    counts = ", ".join(wording.counted(len(of), noun) for noun, of in values.items() if of)
    is_each_with_each = len(combinations) == prod(
        len({row[axis] for row in rows}) for axis in _AXES.values()
    )
    counts += "" if is_each_with_each else ", not each with each"
    return f"Looked at under {wording.counted(len(combinations), 'choice')} ({counts})"


class Headline(NamedTuple):
    """The answer in a few sentences."""

    summary: str
    decided: list[tuple[str, str]]
    """Scenario and sentence, for each verdict."""
    one_sign: list[tuple[str, str]]
    """The same of what no choice turns, and is not decided for another reason."""
    turned: list[tuple[str, str]]
    """Scenario and what turns it, metric by metric."""


def headline(verdicts: Sequence[Verdict]) -> Headline | None:
    """What the verdicts say; None if there are none."""
    if not verdicts:
        return None
    decided = [one for one in verdicts if one.is_decided]
    shared = [d for d in verdicts[0].doubts if all(d in one.doubts for one in verdicts)]
    summary = f"Decided: {len(decided)} of {wording.counted(len(verdicts), 'answer')}"
    if not decided:
        summary = _AND.join(["Nothing is decided", *shared]).replace(_AND, ": ", 1)
    undecided = [one for one in verdicts if not one.is_decided]
    one_sign = [
        (label(one.arm), _AND.join([one.sentence, *_others(one, shared)]))
        for one in undecided
        if one.has_one_sign
    ]
    turned = [
        (label(arm), ", ".join(_turned(one, shared) for one in rows))
        for arm, rows in groupby(
            (one for one in undecided if not one.has_one_sign), key=lambda one: one.arm
        )
    ]
    return Headline(summary, [(label(one.arm), one.sentence) for one in decided], one_sign, turned)


def _turned(verdict: Verdict, shared: Sequence[str]) -> str:
    """A metric, and what speaks against a verdict."""
    name = wording.within(verdict.words.heading)
    doubts = _AND.join([*_others(verdict, shared), *verdict.turn])
    is_known = verdict.row["effect"] is not None
    return f"{name} ({doubts or verdict.size})" if doubts or is_known else name


def _others(verdict: Verdict, shared: Sequence[str]) -> list[str]:
    """What speaks against a verdict, but for what is said of all."""
    return [doubt for doubt in verdict.doubts if doubt not in shared]
