"""Every effect under every choice; an effect is the scenario minus its reference."""

from __future__ import annotations

from itertools import chain, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from sweep_dask.analysis.centre_point.choices import Case
from sweep_dask.analysis.metrics.choice_sums import COUNTS as COUNTS_OF_ROWS
from sweep_dask.analysis.rollups.cells import Cells, as_floats, merged
from sweep_dask.analysis.rollups.sensitivity import (
    BOTH,
    CONTRAS,
    COUNTS,
    LARGEST,
    LEVEL_COUNTS,
    LEVEL_SUMS,
    PARTICIPANT,
    SECURITY_DAY,
    SUMS,
    largest_contras,
    largest_participants,
    shape_of,
)
from sweep_dask.analysis.rollups.sweeps import NO_PARTICIPANT
from sweep_dask.analysis.significance import (
    LEVEL,
    ClusterSquares,
    effective_clusters,
    standard_error,
)
from sweep_dask.analysis.tables import over, schema
from sweep_dask.terms.arms import AS_ENTERED, TAPE
from sweep_dask.terms.choices import AUD, ENOUGH_CLUSTERS, INTERVALS, SWEEP, VALUE, WEIGHTS
from sweep_dask.terms.dimensions import ALL_FILLS
from sweep_dask.terms.metrics import ANSWER, COLUMNS
from sweep_dask.terms.score import PREDICTED
from sweep_dask.terms.units import BPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweep_dask.analysis.tables import BoolArray, FloatArray, Schema

_UNITS = {name: COLUMNS[name].unit for name in ANSWER}
_SCALES = np.array([BPS if unit == "bps" else 1 for unit in _UNITS.values()])

#: One row per scenario, metric and choice; `adoption` is the share of sweeps that change together,
#: `switch` the assumption put the other way, if one is. `least` and `most` are the bounds of the
#: effect over all switches, where there are any.
ROBUSTNESS: Schema = schema(
    "scenario:str metric:str weight:str lifetime:str adoption:float64 switch:str interval:str "
    "unit:str effect:float64 low:float64 high:float64 p_value:float64 n_clusters:int64 "
    "effective_clusters:float64 least:float64 most:float64"
)


#: Columns that say which choice a row is of, as fields of a `Case`.
_CHOICE = ("scenario", "lifetime", "adoption", "switch")
#: One row per arm and choice: what its sweeps fill and cost, whatever they are compared with.
BY_CHOICE: Schema = {
    **schema("scenario:str lifetime:str adoption:float64 switch:str"),
    **COUNTS_OF_ROWS,
    "paper_value_aud": "float64",
    **dict.fromkeys(
        chain.from_iterable((f"{n}_mean", worth) for n, worth in ANSWER.items()), "float64"
    ),
    **LARGEST,
    **CONTRAS,
}


class _Clustered(NamedTuple):
    """Sums of one kind of clusters: float64[cases, metrics, weights]."""

    total: FloatArray
    squares: ClusterSquares


def levels(cells: Cells, cases: Sequence[Case]) -> dict[str, Any]:
    """Columns `BY_CHOICE`."""
    is_whole = np.array([case.event == ALL_FILLS for case in cases], dtype=bool)
    cells = Cells(*(array[is_whole[cells.code]] for array in cells))
    total = merged([cells._replace(segment=np.zeros_like(cells.segment))])
    of = [cases[number] for number in total.code]
    counts = dict(zip(LEVEL_COUNTS, total.counts.T, strict=True))
    sums = dict(zip(LEVEL_SUMS, as_floats(total.sums).T, strict=True))
    means = {f"{name}_mean": over(sums[f"{name}_sum"], counts["n_sweeps"]) for name in ANSWER}
    keys = {name: [getattr(case, name) for case in of] for name in _CHOICE}
    largest = largest_participants(cells, total) | largest_contras(cells, total)
    return keys | counts | sums | means | largest


def effects(cells: Cells, cases: Sequence[Case], errors: FloatArray) -> Iterator[dict[str, Any]]:
    """Rows of `ROBUSTNESS`: every effect under every choice, by scenario and metric.

    `errors`: of the book in which the scenarios are played, see `book_errors`.
    """
    if not cells.code.size:
        return
    found = _intervals(cells, cases, errors)
    effect = found[0].numbers["effect"]
    compared = [
        number
        for number, case in enumerate(cases)
        if case.scenario not in (TAPE, AS_ENTERED) and case.event == ALL_FILLS
    ]
    switched = {number: _switched(cases, number) for number in compared}
    scenarios = dict.fromkeys(cases[number].scenario for number in compared)
    for scenario, (metric, name) in product(scenarios, enumerate(ANSWER)):
        of_scenario = [number for number in compared if cases[number].scenario == scenario]
        for (weight, weighted), case in product(enumerate(WEIGHTS), of_scenario):
            told = {
                **{key: getattr(cases[case], key) for key in _CHOICE},
                "metric": name,
                "weight": weighted,
                "unit": "AUD" if weight == AUD else _UNITS[name],
                **_bounds(effect[switched[case], metric, weight]),
            }
            for interval, one in zip(INTERVALS, found, strict=True):
                if one.is_there[case, metric]:
                    numbers = {key: n[case, metric, weight] for key, n in one.numbers.items()}
                    yield {**told, "interval": interval, **numbers}


class _Intervals(NamedTuple):
    """Of one kind."""

    numbers: dict[str, FloatArray]
    """By column from `effect` on, [cases, metrics, `WEIGHTS`]."""
    is_there: BoolArray
    """bool[cases, metrics]"""


def _intervals(cells: Cells, cases: Sequence[Case], errors: FloatArray) -> list[_Intervals]:
    """Each of `INTERVALS`."""
    days, participants, both = (
        _clustered(cells, cases, cluster) for cluster in (SECURITY_DAY, PARTICIPANT, BOTH)
    )
    effect = _effects(days)
    by_days, by_participants, by_both = (_errors(kind) for kind in (days, participants, both))
    sizes = _sizes(days)
    fewer = [np.minimum(*pair) for pair in zip(sizes, _sizes(participants), strict=True)]
    # Cameron, Gelbach and Miller 2011; never narrower than by one kind of clusters alone.
    two_ways = np.sqrt(np.maximum(by_days**2 + by_participants**2 - by_both**2, 0.0))
    # Sums in dollars are each off the mean of their own kind of clusters: they do not add up.
    two_ways[..., AUD] = 0.0
    two_ways = np.maximum.reduce([two_ways, by_days, by_participants])
    has_both = (participants.squares.n_clusters >= ENOUGH_CLUSTERS)[..., SWEEP]
    parts = _parts(cases)
    of_book = np.hypot(_of_fills(effect, parts, errors), _off_tape(effect, cases))
    has_parts = np.isin(np.arange(len(cases)), list(parts))
    return [
        _Intervals(_interval(effect, by_days, *sizes), np.ones_like(has_both)),
        _Intervals(_interval(effect, two_ways, *fewer), has_both),
        _Intervals(
            _interval(effect, np.hypot(by_days, of_book), *sizes),
            np.broadcast_to(has_parts[:, None], has_both.shape),
        ),
    ]


def _of_fills(
    effect: FloatArray, parts: dict[int, dict[int, int]], errors: FloatArray
) -> FloatArray:
    """What an effect may be off by as the book makes too many or too few matches, a standard error;
    NaN if a kind of fills is in it that is not known.
    """
    variances = np.zeros_like(effect)
    for number, of_case in parts.items():
        for event, part in of_case.items():
            has_any = effect[part] != 0
            variances[number] += np.where(has_any, (effect[part] * errors[event]) ** 2, 0.0)
    return np.sqrt(variances)


def _off_tape(effect: FloatArray, cases: Sequence[Case]) -> FloatArray:
    """By how much the replay as entered is off the tape at the end of the same lifetime; 0 without
    one, where the tape itself is the reference.
    """
    number_of = {case: number for number, case in enumerate(cases)}
    replayed = [number_of.get(Case(AS_ENTERED, case.lifetime, 0.0), -1) for case in cases]
    # One row more, for those without.
    return np.concatenate([effect, np.zeros_like(effect[:1])])[replayed]


def _parts(cases: Sequence[Case]) -> dict[int, dict[int, int]]:
    """By case of which parts of the fills are told: these cases, by number in `PREDICTED`."""
    number_of = {case: number for number, case in enumerate(cases)}
    found: dict[int, dict[int, int]] = {}
    for number, case in enumerate(cases):
        if case.event in PREDICTED:
            whole = number_of[case._replace(event=ALL_FILLS)]
            found.setdefault(whole, {})[PREDICTED.index(case.event)] = number
    return found


def _switched(cases: Sequence[Case], number: int) -> list[int]:
    """A case, and those that differ from it by a switch; none if it has one itself."""
    case = cases[number]
    if case.switch:
        return []
    return [other for other, one in enumerate(cases) if one._replace(switch="") == case]


def _bounds(effects: FloatArray) -> dict[str, float]:
    """Of an effect with and without switches."""
    known = effects[~np.isnan(effects)]
    has_bounds = effects.size > 1 and known.size
    return {
        "least": float(known.min()) if has_bounds else np.nan,
        "most": float(known.max()) if has_bounds else np.nan,
    }


def _clustered(cells: Cells, cases: Sequence[Case], cluster: int) -> _Clustered:
    shape = shape_of(cases)
    numbers = np.zeros((len(COUNTS) + len(SUMS), *shape[:-1]))
    *key, of = np.unravel_index(cells.code, shape)
    chosen = of == cluster
    at = tuple(part[chosen] for part in key)
    counts, sums = cells.counts[chosen, 0], as_floats(cells.sums[chosen])
    if cluster == PARTICIPANT:
        total, weight = sums[:, 0], sums[:, 1]
        sums = np.stack([total, weight, total**2, total * weight, weight**2], axis=1)
        # Those who are not known are not one participant more.
        counts = ((weight > 0) & (cells.segment[chosen] != NO_PARTICIPANT)).astype(np.int64)
    for number, values in enumerate((counts, *sums.T)):
        np.add.at(numbers[number], at, values)
    n_clusters, total, n, *rest = numbers
    return _Clustered(total, ClusterSquares(n, n_clusters, *rest))


def _effects(days: _Clustered) -> FloatArray:
    """float64[cases, metrics, `WEIGHTS`]"""
    mean = over(days.total, days.squares.n)
    by_value = mean[..., VALUE] * _SCALES
    return np.stack([mean[..., SWEEP], by_value, days.total[..., VALUE]], axis=-1)


def _errors(kind: _Clustered) -> FloatArray:
    """Standard errors, float64[cases, metrics, `WEIGHTS`]."""
    squares, clusters = kind.squares, kind.squares.n_clusters
    error = standard_error(squares, over(kind.total, squares.n))
    alike = squares._replace(n=clusters, total_times_n=kind.total, squared_n=clusters)
    totals = standard_error(alike, over(kind.total, clusters)) * clusters
    by_value = error[..., VALUE] * _SCALES
    return np.stack([error[..., SWEEP], by_value, totals[..., VALUE]], axis=-1)


def _sizes(kind: _Clustered) -> tuple[FloatArray, FloatArray]:
    """How many clusters there are and as how many they count, float64[cases, metrics, `WEIGHTS`].

    A sum in dollars goes by those that the mean by value goes by.
    """
    found = (kind.squares.n_clusters, effective_clusters(kind.squares))
    clusters, effective = (counts[..., [SWEEP, VALUE, VALUE]] for counts in found)
    return clusters, effective


def _interval(
    effect: FloatArray, error: FloatArray, clusters: FloatArray, effective: FloatArray
) -> dict[str, Any]:
    """Columns from `effect` on; NaN without two clusters."""
    freedom = np.where(clusters > 1, effective - 1, np.nan)
    margin = stdtrit(freedom, (1 + LEVEL) / 2) * error
    return {
        "effect": effect,
        "low": effect - margin,
        "high": effect + margin,
        "p_value": np.where(error > 0, 2 * stdtr(freedom, -np.abs(over(effect, error))), np.nan),
        "n_clusters": clusters.astype(np.int64),
        "effective_clusters": effective,
    }
