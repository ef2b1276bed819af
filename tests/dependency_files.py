"""What the project says it depends on, and what it installs in its image: read from the files."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from running import ROOT

PINS = ROOT / "requirements-image.txt"
CONSTRAINTS = ROOT / "constraints.txt"
#: Extras for those who change the package.
CONTRIBUTING = {"docs", "test"}

_CONSTRAINT = re.compile(r"^([\w.-]+)==(\S+)(?: ; .*)?$", re.MULTILINE)
_PIN = re.compile(r"^([\w.-]+)==(\S+) \\$", re.MULTILINE)


def declared():
    """The direct dependencies of the package."""
    return [Requirement(text) for text in _project()["dependencies"]]


def extras():
    """The direct dependencies of each of its extras, without other extras that it takes in."""
    project = _project()
    return {
        name: [it for it in map(Requirement, texts) if it.name != project["name"]]
        for name, texts in project["optional-dependencies"].items()
    }


def offered():
    """All that a user may install: direct dependencies, those of extras included."""
    further = [
        it for name, of_extra in extras().items() if name not in CONTRIBUTING for it in of_extra
    ]
    return [*declared(), *further]


def _project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins():
    """Version by name of everything the image installs."""
    found = _PIN.findall(PINS.read_text(encoding="utf-8"))
    return {canonicalize_name(name): version for name, version in found}


def constraints():
    """Versions by name that installations are held to; several where they depend on the Python."""
    found = {}
    for name, version in _CONSTRAINT.findall(CONSTRAINTS.read_text(encoding="utf-8")):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


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
