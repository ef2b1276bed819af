"""How often intervals hold the truth of markets whose extracts are poor.

    python benchmarks/bench_truth.py [--days 240] [--worlds 400] [--size 30] [--events 1000]

Draws security-days of a synthetic market, whose tape the book itself has made. They are the
population: what a scenario changes on their whole rows, all of them together, is the truth. Then
each is read as a poor extract has it (`known_truth.EXTRACTS`). A world is a sample of the
population, `--size` days drawn with replacement, of which an interval is made without and with the
error of the book (`security-day`, `security-day and book`), from poor rows alone. Printed is how
often each holds the truth, each sweep counting alike; 95 % should.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from known_truth import DATE, EXTRACTS, as_it_is, drawn_days
from measure import describe_machine, scratch_folder

from sweep_dask.analysis.centre_point.choices import Choices
from sweep_dask.analysis.centre_point.inputs import BookSettings, read_partition
from sweep_dask.analysis.centre_point.replay import replay_partition
from sweep_dask.analysis.centre_point.scenarios import Scenarios
from sweep_dask.analysis.metrics.choice_replays import under_choices
from sweep_dask.analysis.metrics.partition_sweeps import read_sweeps
from sweep_dask.analysis.rollups.robustness import effects
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.analysis.rollups.summary import added, summary_of_choices
from sweep_dask.sample.population import PREFERENCING
from sweep_dask.study.fidelity import errors_in
from sweep_dask.terms.arms import CENTRE_POINT, REAL, REPLAYED, Arm
from sweep_dask.terms.score import FREE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from known_truth import Day, Extract

    from sweep_dask.analysis.rollups.summary import Summary

SCENARIOS = ("dual-post", "rest-dark")
METRICS = ("fill_ratio", "completed_shortfall_bps")
WITHOUT, WITH = "security-day", "security-day and book"

_LIFETIME = "clock:5min"
#: One sweep in four changes, which shows what more groups would in fewer replays.
_CHOICES = Choices(_LIFETIME, 4, lifetimes=(_LIFETIME,), adoption_shares=(), switches=())
_LINES = (REAL, REPLAYED, *(Arm(CENTRE_POINT, name) for name in SCENARIOS))
_CASES = cases_of(_LINES, _CHOICES)
#: Who prefers own orders is known, so that nothing is wrong with whole rows.
_SETTINGS = BookSettings(preferencing=PREFERENCING)


class Seen(NamedTuple):
    """What a run finds of one security-day."""

    summary: Summary
    score: dict[str, object]
    """As a partition in `fidelity.json`."""


class Interval(NamedTuple):
    """Of an effect."""

    effect: float
    low: float
    high: float


class Coverage(NamedTuple):
    """How often intervals hold the truth."""

    scenario: str
    metric: str
    truth: float
    effect: float
    """What the poor rows of the whole population say instead."""
    shares: dict[str, float]
    """Of the worlds, by kind of interval."""
    half_widths: dict[str, float]
    """Means over the worlds."""


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    print(f"machine: {describe_machine()}")
    with scratch_folder() as folder:
        days = list(drawn_days(folder, arguments.days, arguments.events, seed=7))
    samples = drawn_samples(arguments.worlds, arguments.size, len(days))
    whole = seen(days, as_it_is)
    truth = effects_of(whole)
    print("| What is wrong | Scenario | Metric | Truth | Effect | Without | With | Width |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, extract in EXTRACTS.items():
        found = whole if extract is as_it_is else seen(days, extract)
        for one in coverages(found, truth, samples):
            print(f"| {name} | {_told(one)} |", flush=True)


def _told(one: Coverage) -> str:
    scale, digits = (100, 2) if one.metric == "fill_ratio" else (1, 3)
    effects = [f"{scale * effect:.{digits}f}" for effect in (one.truth, one.effect)]
    shares = [f"{100 * one.shares[name]:.1f} %" for name in (WITHOUT, WITH)]
    wider = one.half_widths[WITH] / one.half_widths[WITHOUT]
    return " | ".join([one.scenario, one.metric, *effects, *shares, f"{wider:.2f}"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=240)
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--size", type=int, default=30)
    parser.add_argument("--events", type=int, default=1_000)
    return parser.parse_args()


def drawn_samples(worlds: int, size: int, days: int) -> np.ndarray:
    """int64[worlds, size], the days of each world."""
    return np.random.default_rng(3).integers(0, days, (worlds, size))


def seen(days: Iterable[Day], extract: Extract) -> list[Seen]:
    """What a run finds of each day as an extract has it."""
    return [_seen(extract(day, np.random.default_rng(number))) for number, day in enumerate(days)]


def _seen(day: Day) -> Seen:
    rows = (day.orders, day.trades, day.quotes)
    partition = read_partition(*rows, (day.continuous,), _SETTINGS)
    found = read_sweeps(partition, day.quotes, DATE, day.security)
    names = [line.scenario for line in _LINES if line.scenario is not None]
    scenarios = Scenarios(partition, _CHOICES.may_change(partition.log.participant_of_order))
    sums = under_choices(scenarios, found, _CHOICES, names).sums
    replayed = replay_partition(partition, DATE, day.security, ablations=False)
    return Seen(
        summary_of_choices(pa.concat_tables(sums), _CASES),
        {FREE: replayed.scores[FREE].as_json()},
    )


def effects_of(days: Sequence[Seen]) -> dict[tuple[str, str, str], Interval]:
    """By scenario, metric and kind of interval, of the answer's own choice."""
    errors = errors_in({"partitions": [day.score for day in days]})
    summary = added(day.summary for day in days)
    share = _CHOICES.marginal.share
    return {
        (row["scenario"], row["metric"], row["interval"]): Interval(
            row["effect"], row["low"], row["high"]
        )
        for row in effects(summary.sensitivity, _CASES, errors)
        if row["weight"] == "sweep" and row["adoption"] == share
    }


def coverages(
    days: Sequence[Seen],
    truth: dict[tuple[str, str, str], Interval],
    samples: np.ndarray,
) -> Iterator[Coverage]:
    """How often the intervals of samples hold what all whole days say.

    Parameters
    ----------
    days
        Of the whole population, as an extract has them.
    truth
        `effects_of` the population as it is.
    samples
        int64[worlds, days of each].
    """
    told = effects_of(days)
    worlds = [effects_of([days[number] for number in sample]) for sample in samples.tolist()]
    for scenario in SCENARIOS:
        for metric in METRICS:
            key = (scenario, metric)
            effect = truth[*key, WITHOUT].effect
            found = {
                name: np.array([world[*key, name] for world in worlds]) for name in (WITHOUT, WITH)
            }
            yield Coverage(
                *key,
                effect,
                told[*key, WITHOUT].effect,
                {name: _share_that_holds(ends, effect) for name, ends in found.items()},
                {name: float(np.mean(ends[:, 2] - ends[:, 1]) / 2) for name, ends in found.items()},
            )


def _share_that_holds(intervals: np.ndarray, truth: float) -> float:
    return float(np.mean((intervals[:, 1] <= truth) & (truth <= intervals[:, 2])))


if __name__ == "__main__":
    main()
