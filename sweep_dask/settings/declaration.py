"""What an option is, and where its value came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Option:
    """One setting and the places it is read from."""

    parse: Callable[[object], object]
    """Turns text, or a value of the right type, into the setting; ValueError: what is accepted."""
    help: str
    flags: tuple[str, ...] = ()
    """On the command line; empty if the setting has no flag there."""
    metavar: str = ""
    flag_value: bool | None = None
    """The value the flag stands for; None if the flag takes an argument."""
    multiple: bool = False
    """Whether the flag may be repeated."""
    environment: tuple[str, ...] = ()
    """Variables, the first one first."""
    environment_negates: bool = False
    """Whether the variable says the opposite of the setting."""
    key: str | None = None
    """Dotted path in `config.yaml`."""
    is_trusted: bool = False
    """Whether the value decides whose code runs: a file merely found may not give it."""
    minimum: int | None = None
    """A smaller value is raised to this one, with a warning."""
    unset: str = "not set"
    """What no value (None, or nothing in it) stands for."""
    name: str = ""
    default: object = None

    @property
    def shown_flag(self) -> str:
        """What an error on the command line calls this option."""
        return self.flags[-1] if self.flags else self.name

    def shown(self, value: object) -> str:
        """A value of this option as text for people."""
        if value is None or value in ((), {}):
            return self.unset
        if isinstance(value, tuple):
            return ", ".join(map(str, value))
        if isinstance(value, dict):
            return ", ".join(_shown_entries(value))
        return str(value).lower() if isinstance(value, bool) else str(value)


def _shown_entries(mapping: Mapping[object, object], section: str = "") -> Iterator[str]:
    """`section.key: value` of every value, also of mappings in it."""
    for key, value in mapping.items():
        if isinstance(value, dict):
            yield from _shown_entries(value, f"{section}{key}.")
        else:
            yield f"{section}{key}: {value}"


@dataclass(frozen=True)
class Source:
    """Where a value came from; `str()` is what the manifest says."""

    kind: Literal["default", "file", "environment", "command line", "client"]
    name: str = ""
    """The file or the variable."""
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Of keys below that of the setting, by their dotted path; in a file alone."""

    def place(self, key: str) -> str:
        """Where in its source a key stands."""
        return f"{self.name}, line {self.lines[key]}" if key in self.lines else str(self)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


DEFAULT = Source("default")
COMMAND_LINE = Source("command line")


def option(
    default: object,
    flag: str,
    environment: str,
    key: str,
    parse: Callable[[object], object],
    help_text: str,
    **more: Any,
) -> Any:
    """A field of `Settings`; `flag` as it stands in a manual: `-o --output DIR`.

    A default of `dict` is an empty dictionary; `more` are other fields of `Option`.
    """
    words = flag.split()
    declared = Option(
        parse,
        help_text,
        flags=tuple(word for word in words if word.startswith("-")),
        metavar=next((word for word in words if not word.startswith("-")), ""),
        environment=tuple(environment.split()),
        key=key or None,
        **more,
    )
    metadata = {"option": declared}
    if default is dict:
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)
