"""The workflow of the code host does what `.ci/run` does, with no right that it does not need."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from jsonschema import ValidationError, validate
from running import ROOT

TEXT = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(TEXT)
JOBS = WORKFLOW["jobs"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def steps(key):
    return [step[key] for job in JOBS.values() for step in job["steps"] if key in step]


def classified_pythons():
    found = (re.fullmatch(r".* :: (3\.\d+)", text) for text in PROJECT["classifiers"])
    return [it[1] for it in found if it]


def test_workflow_follows_the_schema():
    # Of the schemas in this package; its program needs another click than ours.
    (package,) = find_spec("check_jsonschema").submodule_search_locations
    schema = Path(package) / "builtin_schemas" / "vendor" / "github-workflows.json"
    # YAML 1.1 reads the key `on` as true.
    workflow = {"on" if key is True else key: value for key, value in WORKFLOW.items()}
    validate(workflow, json.loads(schema.read_bytes()))
    with pytest.raises(ValidationError):
        validate(workflow | {"jops": {}}, json.loads(schema.read_bytes()))


def test_workflow_runs_the_script_and_the_linters():
    commands = steps("run")
    assert "bash .ci/run" in commands
    assert "make lint types" in commands
    asked = {word for it in commands if it.startswith("make ") for word in shlex.split(it)[1:]}
    assert asked - TARGETS == set()


def test_the_script_runs_every_test_and_these_the_linters():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^make test\b", script, re.MULTILINE)
    assert (ROOT / "tests" / "test_quality.py").is_file()


@pytest.mark.parametrize("job", ["tests", "packages"])
def test_every_python_of_the_classifiers_is_tried_and_no_other(job):
    assert JOBS[job]["strategy"]["matrix"]["python"] == classified_pythons()
    assert PROJECT["requires-python"] == f">={classified_pythons()[0]}"


def test_workflow_may_read_and_nothing_else():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [name for name, job in JOBS.items() if "permissions" in job] == []
    assert "secrets." not in TEXT
    assert {name for name, job in JOBS.items() if "timeout-minutes" not in job} == set()


def test_actions_are_named_by_commit():
    names = steps("uses")
    assert [name for name in names if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name)] == []
