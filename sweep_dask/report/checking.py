"""How to work out any number of the page again: the query of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.report.commands import output_of
from sweep_dask.report.measures import FILL_RATIO, MEASURES
from sweep_dask.terms.populations import HEADLINE_POPULATION, POPULATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping


def checking_content(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What `checking.html` names."""
    return {"measures": MEASURES, "query": query_of(output_of(manifest))}


def query_of(output: str) -> str:
    """One number of every arm, for DuckDB in the folder that the run was started in."""
    files = f"{output}/tables/sweep_metrics.parquet/*.parquet".replace("'", "''")
    return (
        f"SELECT coalesce(scenario, model) AS arm, {FILL_RATIO.sql} AS fill_ratio\n"
        f"FROM '{files}' WHERE {POPULATIONS[HEADLINE_POPULATION].query} GROUP BY ALL;"
    )
