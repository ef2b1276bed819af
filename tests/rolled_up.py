"""Roll-ups of files of sweeps, by way of the summaries of days."""

from __future__ import annotations

from sweep_dask.dataflow.rollups import Day, Source, summarise_days, write_rollups


def write_rollups_of(client, layout, paths, lines):
    """Write the roll-ups of files of whole partitions, each as if it were a day."""
    days = [Day(f"day-{number}", (Source(str(path)),)) for number, path in enumerate(paths)]
    summarise_days(client, layout, days, lines)
    summaries = [layout.day_summary(day.date) for day in days]
    return write_rollups(client, layout, summaries, lines)
