"""Populations of sweeps, each within the one before."""

from __future__ import annotations

from typing import NamedTuple


class Population(NamedTuple):
    """Some of the sweeps, by what became of them for real."""

    name: str
    heading: str
    query: str
    """Which rows of `tables/sweep_metrics.parquet` are in it, in SQL."""


#: Every sweep; arrived in continuous trading; and of those with something left after their entry.
POPULATIONS = {
    one.name: one
    for one in (
        Population("all", "All sweeps", "true"),
        Population("continuous", "Entered in continuous trading", "is_continuous"),
        Population(
            *("residual", "of these, something left after the entry"),
            "is_continuous AND has_residual",
        ),
    )
}
#: The one of the headlines of a run: its segments are tested.
HEADLINE_POPULATION = "continuous"
#: The one that only the tape can tell.
OF_TAPE = "residual"
