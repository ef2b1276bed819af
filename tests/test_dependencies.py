"""What the package stands on: pinned, free to use, and without known holes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import chain

import pytest
from dependency_files import CONSTRAINTS, PINS, constraints, declared, extras, needed, offered, pins
from packaging.utils import canonicalize_name

#: Licences that ask for no more than their notice, as their authors spell them.
PERMISSIVE = {
    "0BSD",
    "Apache 2.0",
    "Apache Software License",
    "Apache-2.0",
    "BSD",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "LLVM-exception",
    "MIT",
    "MIT-0",
    "MIT License",
    "MIT-CMU",
    "Zlib",
}


def licences(distribution):
    """The names a distribution gives its licences: its expression, else classifiers, else text."""
    fields = distribution.metadata
    classified = [
        name.rpartition(" :: ")[2]
        for name in fields.get_all("Classifier") or ()
        if name.startswith("License ::")
    ]
    stated = fields.get("License-Expression")
    stated = [stated] if stated else classified or [fields.get("License") or "none stated"]
    return {name for text in stated for name in re.split(r" (?:AND|OR|WITH) ", text)}


def test_every_dependency_has_a_permissive_licence():
    found = {name: licences(distribution) for name, distribution in needed().items()}
    assert {"numpy", "rich", "tornado"} <= set(found)
    others = {name: sorted(it - PERMISSIVE) for name, it in found.items()}
    assert {name: it for name, it in others.items() if it} == {}


def test_every_dependency_has_a_lower_bound():
    operators = {str(it): {bound.operator for bound in it.specifier} for it in offered()}
    assert {text for text, found in operators.items() if found != {">="}} == set()


def test_image_pins_every_dependency_within_its_bounds():
    pinned = pins()
    outside = [
        str(requirement)
        for requirement in declared()
        if pinned.get(canonicalize_name(requirement.name), "0") not in requirement.specifier
    ]
    assert outside == [], "run: make pins"


def test_constraints_hold_all_that_is_declared_within_its_bounds():
    held = constraints()
    outside = [
        str(requirement)
        for requirement in (*declared(), *chain(*extras().values()))
        if not (versions := held.get(canonicalize_name(requirement.name)))
        or any(version not in requirement.specifier for version in versions)
    ]
    assert outside == [], "run: make pins"
    assert "://" not in CONSTRAINTS.read_text(encoding="utf-8")


def test_image_has_the_versions_of_the_constraints():
    held = constraints()
    others = {name: it for name, it in pins().items() if it not in held[name]}
    assert others == {}, "run: make pins"


def test_image_pins_are_hashes_and_name_no_host():
    text = PINS.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins())
    hashed = r"[\w.-]+==\S+(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert [block for block in blocks if not re.fullmatch(hashed, block)] == []
    assert "://" not in text


@pytest.mark.slow
@pytest.mark.parametrize("which", ["lower bounds", "constraints"])
def test_no_version_has_a_known_vulnerability(which, tmp_path):
    if which == "constraints":  # the image has none besides
        versions = {name: newest[-1] for name, newest in constraints().items()}
    else:
        versions = {it.name: bound.version for it in offered() for bound in it.specifier}
    listed = tmp_path / "requirements.txt"
    listed.write_text("".join(f"{n}=={v}\n" for n, v in versions.items()), encoding="utf-8")
    audited = audit(listed)
    assert {it["name"]: it["vulns"] for it in audited if it["vulns"]} == {}


def audit(requirements):
    """What the vulnerability service says of each line; skips if it says nothing.

    pip-audit is content with packages the service does not know; we are not.
    """
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--requirement", str(requirements), *options],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    if not done.stdout:
        last = (done.stderr.splitlines() or ["it printed nothing"])[-1]
        pytest.skip(f"NOT AUDITED, the vulnerability service does not answer: {last}")
    found = json.loads(done.stdout)["dependencies"]
    unknown = [it["name"] for it in found if "skip_reason" in it]
    if len(unknown) == len(found):
        pytest.skip("NOT AUDITED, the vulnerability service knows none of these packages")
    assert unknown == [], "the vulnerability service does not know these"
    return found
