"""Names that do not exist, and the nearest one that does."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sweep_dask.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def require_known_columns(
    columns: Mapping[str, Mapping[str, str]], known: Mapping[str, Collection[str]]
) -> None:
    """Check the tables and columns of the setting `columns` against those that exist.

    Parameters
    ----------
    columns
        The setting: table, column, name in the file.
    known
        The columns of every table.

    Raises
    ------
    UsageError
        A table or a column that does not exist; the nearest one that does is suggested.
    """
    paths = [f"columns.{table}.{column}" for table in known for column in known[table]]
    tables = [f"columns.{table}" for table in known]
    for table, names in columns.items():
        if table not in known:
            raise unknown_key(f"columns.{table}", tables, "configuration file")
        for column in names:
            if column not in known[table]:
                raise unknown_key(f"columns.{table}.{column}", paths, "configuration file")


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


def nearest(path: str, known: Collection[str]) -> str:
    """The known name most like `path`, comparing also with last parts: a section may be missing."""
    names = {name.rpartition(".")[2]: name for name in known} | {name: name for name in known}
    return names[difflib.get_close_matches(path, names, n=1, cutoff=0.0)[0]]
