"""The table of metrics in docs/metrics.md, which a test holds to the records.

`python -m sweep_dask.terms.metrics_page docs/metrics.md` renews it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sweep_dask.terms.metrics import METRICS

_HEAD = ("Metric", "Formula", "Unit", "Sign", "Missing", "Source")


def table() -> list[str]:
    """The lines of the table, a metric with all its columns in each row."""
    rows = [
        (
            " ".join(f"`{column.name}`" for column in metric.columns),
            metric.formula,
            ", ".join(column.unit for column in metric.columns),
            *(metric.sign, metric.missing, metric.source),
        )
        for metric in METRICS
    ]
    return [_row(_HEAD), "|---" * len(_HEAD) + "|", *map(_row, rows)]


def _row(cells: tuple[str, ...]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def renewed(page: str) -> str:
    """The page with the table as it is now.

    Raises
    ------
    ValueError
        The page has no such table.
    """
    lines = page.splitlines()
    first = lines.index(_row(_HEAD))
    end = next(n for n in range(first, len(lines)) if not lines[n].startswith("|"))
    return "\n".join([*lines[:first], *table(), *lines[end:]]) + "\n"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
