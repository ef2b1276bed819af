"""The configuration file: its entries, each with its line.

The document is read as its tree of nodes, scalars as the text they are: a date, `1e6` or `0123`
means here what it means on the command line, and every key knows its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import yaml

from sweep_dask.errors import UsageError
from sweep_dask.settings.known_names import unknown_key
from sweep_dask.settings.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: Most bytes of a file: ten times a large one, and still read in a moment. Time and memory of
#: reading go with it, as a node of the document is the text it is written as.
_MOST_BYTES = 128 * 1024

#: Most levels of lists and mappings in each other, twice what any key has.
_MOST_LEVELS = 8

#: As YAML writes "no value".
_NULLS = {"", "~", "null"}


class _PlainLoader(yaml.BaseLoader):
    """YAML without aliases, which let a few bytes stand for gigabytes or for themselves."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._levels = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node, as of its parent, but only what is written where it stands."""
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not used", problem_mark=mark)
        if self._levels == _MOST_LEVELS:
            raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=mark)
        self._levels += 1
        node = super().compose_node(parent, index)
        self._levels -= 1
        return node


class Entry(NamedTuple):
    """A value of the file and the lines of its key and of those below."""

    value: object
    line: int
    lines: Mapping[str, int]
    """By dotted path."""


def read_config_file(folder: Path, path: Path) -> dict[str, Entry]:
    """The entries of a configuration file by their dotted path.

    Parameters
    ----------
    folder
        Where a relative `path` begins.
    path
        As the user gave it, which is how errors name it.

    Raises
    ------
    UsageError
        The file cannot be read, is not YAML, or has a key that is unknown or given twice.
    """
    document = _compose(_file_text(folder / path, str(path)), str(path))
    if document is None or _plain(document) is None:
        return {}
    entries: dict[str, Entry] = {}
    for key, entry in _entries(document, "", str(path)):
        if key in entries:
            raise UsageError(
                f"The key {key!r} is given twice.",
                where=f"{path}, line {entry.line}",
                cure=f"remove it here or on line {entries[key].line}",
            )
        entries[key] = entry
    return entries


def _file_text(file: Path, shown: str) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        if len(content) <= _MOST_BYTES:
            return content.decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The configuration file cannot be read: {error}.",
            where=shown,
            cure="give a readable YAML file in UTF-8",
        ) from error
    raise UsageError(
        f"The configuration file has more than {_MOST_BYTES:,} bytes.",
        where=shown,
        cure="name a file of settings; keys that are not given have their default",
    )


def _compose(text: str, shown: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{shown}, line {mark.line + 1}" if mark else shown
        raise _not_yaml(where, error.problem) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _not_yaml(f"{shown}, line {line}", error.reason) from error


def _not_yaml(where: str, problem: str | None) -> UsageError:
    return UsageError(
        f"The configuration file is not YAML: {problem}.", where=where, cure="correct this line"
    )


def _entries(node: yaml.Node, section: str, shown: str) -> Iterator[tuple[str, Entry]]:
    """Known keys below `node`; `section` ends in a dot unless it is the whole document."""
    where = f"{shown}, line {node.start_mark.line + 1}"
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(
            f"{section.rstrip('.') or 'The configuration file'} is not a mapping.",
            where=where,
            value=_plain(node),
            cure="write `key: value` lines",
        )
    keys, sections = _known_keys()
    for key_node, value_node in node.value:
        key, line = f"{section}{_plain(key_node)}", key_node.start_mark.line + 1
        if key in keys:
            yield key, Entry(_plain(value_node), line, dict(_lines_below(value_node, key)))
        elif key not in sections:
            raise unknown_key(key, keys | sections, f"{shown}, line {line}")
        elif _plain(value_node) is not None:
            yield from _entries(value_node, f"{key}.", shown)


def _lines_below(node: yaml.Node, path: str) -> Iterator[tuple[str, int]]:
    """Dotted path and line of all keys below `node`, which is at `path`."""
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            key = f"{path}.{_plain(key_node)}"
            yield key, key_node.start_mark.line + 1
            yield from _lines_below(value_node, key)


def _known_keys() -> tuple[set[str], set[str]]:
    """Dotted paths that hold a value, and those that hold other keys."""
    keys = {option.key for option in OPTIONS if option.key is not None}
    sections = {key.rpartition(".")[0] for key in keys}
    return keys, (sections | {section.rpartition(".")[0] for section in sections}) - {""}


def _plain(node: yaml.Node) -> object:
    """Text, None, lists and dictionaries of them."""
    if isinstance(node, yaml.MappingNode):
        return {str(_plain(key)): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if plain and node.value.casefold() in _NULLS else node.value
