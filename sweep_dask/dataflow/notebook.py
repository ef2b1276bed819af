"""A line in a notebook: where there is no terminal to tell it."""

from __future__ import annotations

import html
import sys
from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class _Line:
    text: str
    link: str | None

    def __repr__(self) -> str:
        return f"{self.text}{self.link or ''}"

    def _repr_html_(self) -> str:
        text = html.escape(self.text)
        if self.link is None:
            return text
        link = html.escape(self.link)
        return f'{text}<a href="{link}" target="_blank" rel="noopener">{link}</a>'


def show(text: str, link: str | None = None) -> None:
    """Show a line, and a link at its end, where IPython is active; nothing elsewhere."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        ipython.display.display(_Line(text, link))
