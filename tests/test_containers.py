"""The image and the Compose file give what runs in them no right that it does not need.

There is no container engine here: the files are read, and what in them is shell or a command line
is really run or parsed.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from distributed.cli.dask_scheduler import main as dask_scheduler
from distributed.cli.dask_worker import main as dask_worker
from jsonschema import ValidationError, validate
from running import ROOT

from sweep_dask.cli import main as sweep_dask

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
DIGEST = "sha256:" + "0123456789abcdef" * 4


def instructions(name):
    """What stands behind each instruction of this name, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", text, flags=re.MULTILINE)


def test_compose_file_follows_the_schema():
    # The program of this package needs a newer click than ours; of the schemas in it, none does.
    (package,) = find_spec("check_jsonschema").submodule_search_locations
    schema = Path(package) / "builtin_schemas" / "vendor" / "compose-spec.json"
    validate(COMPOSE, json.loads(schema.read_bytes()))
    with pytest.raises(ValidationError):
        validate(COMPOSE | {"servises": {}}, json.loads(schema.read_bytes()))


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_no_right_it_does_not_need(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert {"privileged", "cap_add", "devices", "user"} & set(service) == set()
    assert {"pid", "ipc", "network_mode"} & set(service) == set()


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_limits(name):
    service = SERVICES[name]
    assert 0 < service["pids_limit"] < 1_000
    assert re.fullmatch(r"(\$\{WORKER_MEMORY:-)?\dg\}?", service["mem_limit"])
    assert [re.match(r"/tmp:size=\d+m,", mount) is not None for mount in service["tmpfs"]] == [True]


@pytest.mark.parametrize("name", SERVICES)
def test_service_writes_results_and_kernels_only(name):
    mounts = {it["target"]: it for it in SERVICES[name]["volumes"]}
    writable = {target for target, it in mounts.items() if not it.get("read_only")}
    assert writable == {"/data/out", "/var/cache/sweep"}
    assert {it["type"] for it in mounts.values() if it["target"] in writable} == {"volume"}


def test_only_the_dashboard_is_published_and_to_this_machine_alone():
    assert {n: it["ports"] for n, it in SERVICES.items() if "ports" in it} == {
        "scheduler": ["127.0.0.1:8787:8787"]
    }
    assert COMPOSE["networks"]["cluster"]["internal"] is True
    assert {n for n, it in SERVICES.items() if it["networks"] != ["cluster"]} == {"scheduler"}


def test_dashboard_answers_its_published_address_only():
    (origins,) = SERVICES["scheduler"]["environment"].values()
    assert yaml.safe_load(origins) == ["127.0.0.1:8787", "localhost:8787"]


@pytest.mark.parametrize(
    ("service", "program", "command"),
    [
        ("scheduler", "dask scheduler", dask_scheduler),
        ("worker", "dask worker", dask_worker),
        ("runner", "python -m sweep_dask run", sweep_dask.commands["run"]),
    ],
)
def test_commands_have_the_options_they_are_given(service, program, command):
    words = shlex.split(SERVICES[service]["command"])
    assert words[: len(program.split())] == program.split()
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} - known == set()


def test_one_worker_process_with_one_thread_in_a_container():
    words = shlex.split(SERVICES["worker"]["command"])
    options = dict(pairwise(words))
    assert (options["--nworkers"], options["--nthreads"]) == ("1", "1")


def test_image_runs_as_a_numbered_user_without_rights():
    assert instructions("USER") == ["10001:10001"]
    assert DOCKERFILE.index("USER") < DOCKERFILE.index("CMD")


def test_image_installs_nothing_without_its_hash():
    fetching = re.compile(r"\b(pip install|apt|curl|wget)")
    first, second = (it for it in instructions("RUN") if fetching.search(it))
    assert "--require-hashes --only-binary :all: -r requirements-image.txt" in first
    assert "pip install --no-cache-dir --no-deps --no-build-isolation ." in second


def test_no_image_is_built_on_a_tag():
    assert instructions("FROM") == ["${BASE_IMAGE}"]
    default = instructions("ARG")[0].removeprefix("BASE_IMAGE=").strip('"')
    if not default:
        pytest.skip("NO BASE IMAGE IS PINNED, so none is built; where docker is: make base-image")
    assert re.fullmatch(r"[\w./:-]+@sha256:[0-9a-f]{64}", default)


@pytest.mark.parametrize(("base", "code"), [("python:3.12-slim", 1), (f"python:3.12@{DIGEST}", 0)])
def test_build_refuses_a_base_image_without_digest(base, code):
    check = next(it for it in instructions("RUN") if "BASE_IMAGE" in it)
    done = subprocess.run(["sh", "-c", check], env={"BASE_IMAGE": base}, check=False)
    assert done.returncode == code


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("answers", [True, False])
def test_base_image_is_pinned_with_what_the_registry_answers(answers, tmp_path):
    for name in ("Makefile", "Dockerfile"):
        shutil.copy(ROOT / name, tmp_path / name)
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f"#!/bin/sh\n{f'echo {DIGEST}' if answers else 'exit 1'}\n")
    docker.chmod(0o755)
    done = subprocess.run(
        ["make", "base-image", "BASE_TAG=registry.example/python:3.12-slim"],
        cwd=tmp_path,
        env={"PATH": f"{docker.parent}:/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    written = (tmp_path / "Dockerfile").read_text(encoding="utf-8")
    assert (done.returncode == 0) is answers
    assert (written == DOCKERFILE) is not answers
    assert (f"ARG BASE_IMAGE=registry.example/python:3.12-slim@{DIGEST}\n" in written) is answers
