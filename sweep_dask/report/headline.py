"""The headline: which line fills most and which costs least, as far as either is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from sweep_dask.report.effects import COMPLETED, FILL_RATIO, SHORTFALL
from sweep_dask.report.line_words import label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.report.effects import Effect

#: What is said of a shortfall, by how the shares that are left are counted.
_COUNTED = {
    SHORTFALL: "if what is left is counted at the midpoint",
    COMPLETED: "if what is left had still to be traded across half the spread",
}


@dataclass(frozen=True)
class Standing:
    """How the lines do in one metric, each against its reference."""

    metric: str
    effects: Sequence[Effect]
    """Of the lines that can be compared: both sides have the metric in some sweep."""

    @property
    def best(self) -> Effect | None:
        """The largest difference for the better that is shown; None if none is."""
        return _largest([effect for effect in self.effects if effect.is_shown])

    @property
    def largest(self) -> Effect | None:
        """The largest difference for the better, shown or not."""
        return _largest(self.effects)

    @property
    def unsure(self) -> Effect | None:
        """What is larger than the best, and may be chance."""
        return self.largest if self.largest is not self.best else None

    @property
    def is_unchanged(self) -> bool:
        """Whether no line makes any difference, in any sweep."""
        return all(effect.is_constant and effect.mean == 0 for effect in self.effects)


def standing(changes: Sequence[Mapping[str, Effect]], metric: str) -> Standing:
    """The standing in one metric; `changes` are the effects of each line by metric."""
    found = [effects[metric] for effects in changes if metric in effects]
    return Standing(metric, [effect for effect in found if effect.mean is not None])


def headline(
    changes: Sequence[Mapping[str, Effect]], among: str, *, is_part: bool = False
) -> list[Markup]:
    """The sentences of the headline, first about fill and then about cost.

    Parameters
    ----------
    changes
        Effects by metric, of each line.
    among
        What they are called, one of them: `scenario`, `line`.
    is_part
        Whether lines of another kind are passed over.
    """
    words = _Words(among, is_alone=len(changes) == 1, is_part=is_part)
    fill = standing(changes, FILL_RATIO)
    costs = [standing(changes, metric) for metric in (SHORTFALL, COMPLETED)]
    return [words.of_fill(fill), words.of_cost(*costs)]


@dataclass(frozen=True)
class _Words:
    """Sentences about standings."""

    among: str
    is_alone: bool
    is_part: bool

    def of_fill(self, found: Standing) -> Markup:
        """Which line fills most."""
        poor = self._poor([found], "fill", "fill more")
        if poor is not None:
            return poor
        verb = f"filled {'more' if self.is_alone or found.unsure else 'the most'}"
        among = f", of the {self.among}s," if self.is_part and verb.endswith("most") else ""
        return Markup("{}{} would have {}: {}{}.").format(
            _name(found.best), among, verb, _size(found.best, " of a sweep"), _unsure(found)
        )

    def of_cost(self, marked: Standing, completed: Standing) -> Markup:
        """Which line costs least; that it must do however what is left is counted."""
        poor = self._poor([marked, completed], "cost", "cost less")
        if poor is not None:
            return poor
        first, second = marked.best, completed.best
        if first is None or second is None or first.line != second.line:
            return self._by_counting([marked, completed])
        rival = next((found for found in (marked, completed) if found.unsure), None)
        return Markup("{} would have cost {}: {}, or {} {}{}.").format(
            _name(first),
            "less" if self.is_alone or rival else "the least",
            _size(first),
            _size(second),
            _COUNTED[COMPLETED],
            _unsure(rival) if rival else "",
        )

    def _by_counting(self, standings: Sequence[Standing]) -> Markup:
        what = "Whether it costs less" if self.is_alone else "Which line costs least"
        parts = [self._one_counting(found) for found in standings]
        return Markup("{} depends on how what is left is counted: {}; {}.").format(what, *parts)

    def _one_counting(self, found: Standing) -> Markup:
        counted = _COUNTED[found.metric]
        if not found.effects:
            return Markup("{}, nothing can be compared").format(counted)
        if found.best is None:
            said = f"no {self.among} is shown to cost less"
            return Markup("{}, {}{}").format(counted, said, _unsure(found))
        said = _size(found.best)
        return Markup("{} {}, {}{}").format(_name(found.best), counted, said, _unsure(found))

    def _poor(self, standings: Sequence[Standing], what: str, better: str) -> Markup | None:
        """Where no line is shown to do better in any of the metrics."""
        if any(found.best for found in standings):
            return None
        compared = [found for found in standings if found.effects]
        if not compared:
            return Markup("What a change would have done to the {} cannot be said.").format(what)
        if all(found.is_unchanged for found in compared):
            return Markup("No {} changes the {} of any sweep.").format(self.among, what)
        # Of the two ways to count a cost the first is enough: neither shows anything.
        rest = next((_unsure(found) for found in compared if found.unsure), "")
        return Markup("No {} is shown to {}{}.").format(self.among, better, rest)


def _largest(effects: Sequence[Effect]) -> Effect | None:
    better = [effect for effect in effects if effect.gain > 0]
    return max(better, key=lambda effect: effect.gain, default=None)


def _name(effect: Effect | None) -> Markup:
    return Markup("<b>{}</b>").format(label(effect.line) if effect else "")


def _size(effect: Effect | None, of: str = "") -> Markup:
    """A difference for the better, and its interval or that it needs none."""
    if effect is None or effect.mean is None:
        return Markup("&ndash;")
    size = f"{effect.words.said(effect.mean)}{of}"
    return Markup('{} <span class="interval">({})</span>').format(size, effect.certainty)


def _unsure(found: Standing) -> Markup | str:
    """What a larger difference says of the one that is shown."""
    effect = found.unsure
    if effect is None or effect.mean is None:
        return ""
    return Markup("; the largest difference, of {} by {}, may be chance").format(
        effect.words.size(effect.mean), label(effect.line).lower()
    )
