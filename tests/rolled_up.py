"""Roll-ups of files of sweeps, by way of the summaries of days."""

from __future__ import annotations

import numpy as np

from sweep_dask.partition.tables import TablesSpec
from sweep_dask.study.rollups import Day, Source, summarise_days, write_rollups
from sweep_dask.terms.arms import CENTRE_POINT

#: As many matches on the tape as in the book, all of them the same.
NO_ERRORS = np.zeros(3)


def spec_of(lines):
    """What a run with these lines asks."""
    models = dict.fromkeys(CENTRE_POINT if line.scenario else line.model for line in lines)
    return TablesSpec(tuple(models), tuple(line.scenario for line in lines if line.scenario), ())


def write_rollups_of(workers, layout, paths, lines, sensitivity=None):
    """Write the roll-ups of files of whole partitions, each as if it were a day.

    `sensitivity` is the file of what they fill under every choice, if there is one.
    """
    spec = spec_of(lines)
    days = [
        Day(f"day-{number}", (Source(str(path), sensitivity and str(sensitivity)),))
        for number, path in enumerate(paths)
    ]
    summarise_days(workers, layout, days, spec)
    summaries = [layout.day_summary(day.date) for day in days]
    return write_rollups(workers, layout, summaries, spec, NO_ERRORS)
