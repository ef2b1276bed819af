"""What the project says it depends on, and what it installs in its image: read from the files."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from running import ROOT

PINS = ROOT / "requirements-image.txt"

_PIN = re.compile(r"^([\w.-]+)==(\S+) \\$", re.MULTILINE)


def declared():
    """The direct dependencies of the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"]]


def pins():
    """Version by name of everything the image installs."""
    found = _PIN.findall(PINS.read_text(encoding="utf-8"))
    return {canonicalize_name(name): version for name, version in found}


def needed():
    """Distributions that the package needs here, those its dependencies need included."""
    found: dict[str, metadata.Distribution] = {}
    asked = set()
    todo = declared()
    while todo:
        requirement = todo.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in asked:
            continue
        asked.add(key)
        found[key[0]] = distribution = metadata.distribution(requirement.name)
        extras = ("", *requirement.extras)
        todo += [
            further
            for further in map(Requirement, distribution.requires or ())
            if _applies(further, extras)
        ]
    return found


def _applies(requirement, extras):
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)
