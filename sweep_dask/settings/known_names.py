"""Names that do not exist, and the nearest one that does."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sweep_dask.errors import UsageError
from sweep_dask.settings.declaration import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sweep_dask.settings.declaration import Source


def require_known_columns(
    columns: Mapping[str, Mapping[str, object]],
    known: Mapping[str, Collection[str]],
    key: str = "columns",
    source: Source = DEFAULT,
) -> None:
    """Check the tables and columns of a setting, such as `columns`, against those that exist.

    Parameters
    ----------
    columns
        The setting: table, column, and what is set for it.
    known
        The columns of every table.
    key, source
        Dotted path of the setting, and where it came from.

    Raises
    ------
    UsageError
        A table or a column that does not exist; the nearest one that does is suggested.
    """
    paths = [f"{key}.{table}.{column}" for table in known for column in known[table]]
    tables = [f"{key}.{table}" for table in known]
    for table, names in columns.items():
        if table not in known:
            path = f"{key}.{table}"
            raise unknown_key(path, tables, source.place(path))
        for column in names:
            if column not in known[table]:
                path = f"{key}.{table}.{column}"
                raise unknown_key(path, paths, source.place(path))


def require_known_tables(
    key: str, tables: Collection[str], known: Collection[str], source: Source
) -> None:
    """The same of the tables that a setting names, such as `units`."""
    for table in tables:
        if table not in known:
            path, paths = f"{key}.{table}", [f"{key}.{name}" for name in known]
            raise unknown_key(path, paths, source.place(path))


def require_known_options(names: Collection[str], known: Collection[str], where: str) -> None:
    """Check the names of options that were given there; a UsageError suggests the nearest one."""
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no option {name!r}.",
                where=where,
                value=name,
                cure=f"did you mean {nearest(name, known)}?",
            )


def unknown_key(path: str, known: Collection[str], where: str) -> UsageError:
    """The error for a key of the configuration file that is none of `known`."""
    return UsageError(
        f"Unknown key {path!r}.",
        where=where,
        value=path,
        cure=f"did you mean {nearest(path, known)}?",
    )


def suggestion(text: str, known: Collection[str]) -> str:
    """` (did you mean …?)` with the names most like `text`; empty if none is."""
    near = difflib.get_close_matches(text, known, n=3)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def nearest(path: str, known: Collection[str]) -> str:
    """The known name most like `path`, as a whole or in its last part: a section may be wrong."""

    def likeness(name: str) -> tuple[float, float]:
        last = _likeness(path.rpartition(".")[2], name.rpartition(".")[2])
        whole = _likeness(path, name)
        return max(last, whole), whole

    return max(sorted(known), key=likeness)


def _likeness(text: str, other: str) -> float:
    """From 0 to 1."""
    return difflib.SequenceMatcher(None, text, other).ratio()
