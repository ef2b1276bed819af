"""Roll-ups of drawn tables are those of the slow way, wherever the table is cut into pieces."""

from __future__ import annotations

import numpy as np
import pandas as pd
from drawn_rollups import draw_sweeps
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_rollups import assert_same_rows, slow_rollups

from sweep_dask.analysis.metrics.lines import LINES, REAL
from sweep_dask.analysis.rollups import tables
from sweep_dask.analysis.rollups.comparisons import averages, comparisons
from sweep_dask.analysis.rollups.dimensions import (
    SOURCES,
    TEXT_LABELS,
    line_codes,
    population_levels,
)
from sweep_dask.analysis.rollups.labels import label_counts, segments_of
from sweep_dask.analysis.rollups.quantiles import percentiles, segment_quantiles
from sweep_dask.analysis.rollups.sums import LEVEL_KEYS, level_sums, population_sums
from sweep_dask.analysis.rollups.unfilled import REASON_KEYS, level_reasons, unfilled
from sweep_dask.analysis.rollups.values import HEADLINE, METRICS
from sweep_dask.analysis.stats.segments import StatisticsSettings

SETTINGS = StatisticsSettings(seed=3, draws=20)
TEXTS = ("model", "scenario", "status", "unfilled_reason", *TEXT_LABELS)


@st.composite
def cut_tables(draw):
    """A table of two lines or three, and where it is cut."""
    lines = draw(st.sampled_from([(REAL, LINES[4]), (REAL, LINES[2], LINES[5])]))
    sweeps = draw(st.integers(1, 14))
    clusters, is_constant = draw(st.integers(1, 4)), draw(st.booleans())
    table = draw_sweeps(draw(st.integers(0, 999)), sweeps, clusters, lines, is_constant)
    cuts = sorted(draw(st.sets(st.integers(1, len(table) - 1), max_size=4)))
    return table, lines, cuts


def fast_rollups(table, lines, cuts):
    ends = zip([0, *cuts], [*cuts, len(table)], strict=True)
    # Categories are those of the piece.
    pieces = [table.iloc[begin:end].astype(dict.fromkeys(TEXTS, "category")) for begin, end in ends]
    counts = pd.concat(label_counts(piece) for piece in pieces)
    segments = segments_of(counts.groupby(["column", "value"]).sum().reset_index())
    sums = pd.concat(level_sums(piece, segments, lines) for piece in pieces)
    reasons = pd.concat(level_reasons(piece, lines) for piece in pieces)
    whole = table.astype(dict.fromkeys(TEXTS, "category"))
    frames = {metric: values(whole, lines, segments, metric) for metric in METRICS}
    spreads = pd.concat(segment_quantiles(frames[metric], lines, segments) for metric in HEADLINE)
    compared = pd.concat(comparisons(f, lines, segments, SETTINGS) for f in frames.values())
    found = pd.concat(percentiles(frames[metric], lines) for metric in HEADLINE)
    means = pd.concat(averages(frame, lines) for frame in frames.values())
    by_population = population_sums(sums.groupby(list(LEVEL_KEYS)).sum().reset_index())
    by = tables.by_dimension(by_population, spreads, lines, segments)
    return {f"by_{dimension}": table for dimension, table in by.items()} | {
        "comparisons": tables.all_comparisons(compared, lines, segments),
        "averages": tables.all_averages(means, lines, segments),
        "distributions": tables.all_distributions(found, lines, segments),
        "unfilled": unfilled(reasons.groupby(REASON_KEYS).sum().reset_index(), lines),
        "size_bounds": tables.size_bounds_table(segments),
    }


def values(rows, lines, segments, metric):
    code = line_codes(rows, lines)
    tape = rows[code == 0]
    frame = pd.DataFrame({"level": population_levels(tape)})
    frame["metric"] = METRICS.index(metric)
    frame["cluster"] = tape.groupby(["date", "security"], observed=True).ngroup().to_numpy()
    for dimension in SOURCES:
        frame[dimension] = segments.codes(tape, dimension)
    for number, line in enumerate(lines):
        of_line = rows[code == number]
        frame[line.name] = of_line[metric].to_numpy(dtype=np.float64)
        frame[f"{line.name} engaged"] = of_line["dark_quantity"].to_numpy() > 0
    return frame


@settings(max_examples=10, deadline=None)
@given(cut_tables())
def test_all_tables_are_those_of_the_slow_way(cut_table):
    table, lines, cuts = cut_table
    found = fast_rollups(table, lines, cuts)
    for name, expected in slow_rollups(table, list(lines), SETTINGS).items():
        assert_same_rows(found[name], expected, name)
