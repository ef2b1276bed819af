"""Templates of the package filled in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from sweep_dask.report import wording

if TYPE_CHECKING:
    from collections.abc import Mapping


def render(template: str, content: Mapping[str, Any]) -> str:
    """A page from a template; whatever the content holds stays text.

    Raises
    ------
    jinja2.UndefinedError
        The template names something that the content does not have.
    """
    # Ours, not the input's.
    css = {f"{name}_css": Markup(_text(f"{name}.css")) for name in ("plot", "page")}  # noqa: S704
    return _environment().get_template(template).render(content, **css)


@cache
def _environment() -> Environment:
    """Kept, and with it the compiled templates, for the next page of this process."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_text),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(wording.FILTERS)
    return environment


def _text(name: str) -> str:
    return files("sweep_dask.report").joinpath(name).read_text(encoding="utf-8")
