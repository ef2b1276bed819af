"""Text for people: headings, sentences, labelled facts and tables, set at the width there is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from io import StringIO
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sweep_dask.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from rich.console import ConsoleOptions, RenderableType, RenderResult

    Block = RenderableType
    """What `as_text` can set; a text is one line, as it stands."""

#: Of a pipe, a file and a notebook; a terminal says its own.
WIDTH = 80
#: Sentences are read more easily than from the whole width of a large screen. Arbitrary.
_WIDEST, _NARROWEST = 100, 40

#: How words that say how things stand look, where there is colour.
_STYLES = {
    **dict.fromkeys(("ok", "done", "better"), "green"),
    **dict.fromkeys(("warning", "partial", "interrupted", "not decided"), "yellow"),
    **dict.fromkeys(("error", "failed", "worse", "contradiction"), "red"),
}
_TRAILING_SPACE = re.compile(r" +$", re.MULTILINE)


@dataclass(frozen=True)
class Heading:
    """A line above others."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(printable(self.text), "bold", no_wrap=True, overflow="ignore")


@dataclass(frozen=True)
class Sentence:
    """Words that are wrapped, but for one that is longer than a line, such as a path."""

    text: str
    indent: int = 0
    hanging: int = 0
    """How much more later lines are indented."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in _lines(self.text, options.max_width - self.indent, self.hanging):
            yield Text(" " * self.indent + line, no_wrap=True, overflow="ignore")


@dataclass(frozen=True)
class Facts:
    """Lines with a label each; what is wrapped stands below its beginning."""

    lines: Sequence[tuple[str, str]]
    colon: str = ":"
    indent: int = 2
    label_width: int = 0
    """At least."""

    @classmethod
    def of(cls, lines: Mapping[str, str]) -> Facts:
        """Of labels that are all different."""
        return cls(tuple(lines.items()))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        longest = max((len(label) for label, _ in self.lines), default=0)
        labels = max(longest, self.label_width) + len(self.colon) + 1
        for label, text in self.lines:
            first = f"{label}{self.colon}" if label else ""
            room = options.max_width - self.indent - labels
            for line in _lines(text, room, 0) or [""]:
                shown = Text(" " * self.indent, no_wrap=True, overflow="ignore")
                shown.append(f"{printable(first):<{labels}}", _STYLES.get(first, ""))
                yield shown.append(line, _STYLES.get(line, ""))
                first = ""


def table(
    rows: Sequence[Sequence[str]],
    head: Sequence[str] = (),
    *,
    indent: int = 2,
    is_text: bool = False,
) -> Block:
    """Rows, wrapped cell by cell if the columns are wider than the line.

    Parameters
    ----------
    is_text
        Whether all columns begin at the left; else all but the first are numbers.
    """
    grid = Table(box=None, show_header=bool(head), pad_edge=False, header_style="bold")
    for position in range(max(map(len, (head, *rows)), default=0)):
        title = printable(head[position], keep="\n") if head else ""
        justify: Literal["left", "right"] = "right" if position and not is_text else "left"
        grid.add_column(Text(title), justify=justify, vertical="top")
    for row in rows:
        grid.add_row(*(Text(printable(cell), _STYLES.get(cell, "")) for cell in row))
    return Padding(grid, (0, 0, 0, indent))


def indented(lines: Iterable[str]) -> list[Block]:
    """Lines that begin with spaces, as sentences that stay as far from the margin."""
    return [Sentence(line.lstrip(), len(line) - len(line.lstrip()), 2) for line in lines]


def as_text(blocks: Iterable[Block], width: int = WIDTH, *, has_colour: bool = False) -> str:
    """The blocks one below the other, without a line break at the end."""
    stream = StringIO()
    console = Console(
        file=stream,
        width=width,
        color_system="standard" if has_colour else None,
        force_terminal=has_colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    for block in blocks:
        shown = Text(printable(block)) if isinstance(block, str) else block
        console.print(shown, crop=False, overflow="ignore", no_wrap=isinstance(block, str))
    return _TRAILING_SPACE.sub("", stream.getvalue()).removesuffix("\n")


def width_of(stream: TextIO) -> int:
    """Characters of a line at a terminal, within reason; `WIDTH` elsewhere."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return WIDTH
    return min(max(columns, _NARROWEST), _WIDEST) if columns else WIDTH


def has_colour(stream: TextIO) -> bool:
    """Whether text for a stream may be coloured: at a terminal, and never in a pipe.

    `NO_COLOR` takes colour away; `FORCE_COLOR` brings it to a terminal that says it has none.
    """
    if os.environ.get("NO_COLOR") or not stream.isatty():
        return False
    return bool(os.environ.get("FORCE_COLOR")) or os.environ.get("TERM", "dumb") != "dumb"


def _lines(text: str, width: int, hanging: int) -> list[str]:
    return wrap(
        printable(text),
        max(width, 1),
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
