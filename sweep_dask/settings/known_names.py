"""Names that do not exist, and the nearest one that does."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sweep_dask.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def require_known_columns(
    columns: Mapping[str, Mapping[str, object]],
    known: Mapping[str, Collection[str]],
    key: str = "columns",
) -> None:
    """Check the tables and columns of a setting, such as `columns`, against those that exist.

    Parameters
    ----------
    columns
        The setting: table, column, and what is set for it.
    known
        The columns of every table.
    key
        Dotted path of the setting.

    Raises
    ------
    UsageError
        A table or a column that does not exist; the nearest one that does is suggested.
    """
    paths = [f"{key}.{table}.{column}" for table in known for column in known[table]]
    tables = [f"{key}.{table}" for table in known]
    for table, names in columns.items():
        if table not in known:
            raise unknown_key(f"{key}.{table}", tables, "configuration file")
        for column in names:
            if column not in known[table]:
                raise unknown_key(f"{key}.{table}.{column}", paths, "configuration file")


def require_known_tables(key: str, tables: Collection[str], known: Collection[str]) -> None:
    """Check the tables that a setting names, such as `units`, against those that exist.

    Raises
    ------
    UsageError
        A table that does not exist; the nearest one that does is suggested.
    """
    for table in tables:
        if table not in known:
            paths = [f"{key}.{name}" for name in known]
            raise unknown_key(f"{key}.{table}", paths, "configuration file")


def require_known_options(names: Collection[str], known: Collection[str]) -> None:
    """Check the names of options given on the command line.

    Raises
    ------
    UsageError
        An option that does not exist; the nearest one that does is suggested.
    """
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no option {name!r}.",
                where="command line",
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
    """The known name most like `path`, comparing also with last parts: a section may be missing."""
    names = {name.rpartition(".")[2]: name for name in known} | {name: name for name in known}
    return names[difflib.get_close_matches(path, names, n=1, cutoff=0.0)[0]]
