"""An installed wheel carries its compiled code: the first run compiles nothing."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numba
import pytest
from running import ROOT, result_files

pytest.importorskip("setuptools", minversion="77")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

#: What the package is built from.
SOURCES = ("pyproject.toml", "build_backend.py", "README.md", "LICENSE", "sweep_dask")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "carried")
            )
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def built(source, folder, *arguments):
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, *arguments, "--wheel-dir", folder, source], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    return built(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The interpreter of an environment with the wheel, elsewhere, and what it depends on."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(packages)
    (packages / "dependencies.pth").write_text(f"{Path(numba.__file__).parents[1]}\n")
    return python


def run(python, folder, *arguments):
    """A run on the sample; returns its results and all code that was compiled meanwhile."""
    cache = folder / "cache"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SWEEP_", "DASK_", "PYTHON"))}
    environment = kept | {"NUMBA_CACHE_DIR": str(cache)}
    command = [python, "-m", "sweep_dask", "run", "--output", folder / "output", *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return result_files(folder / "output"), list(cache.rglob("*.code"))


def test_the_wheel_is_of_this_platform(wheel):
    version = "cp{}{}".format(*sys.version_info)
    assert f"-{version}-{version}-" in wheel.name
    assert not wheel.name.endswith("-any.whl")


def test_first_run_compiles_nothing_and_finds_the_same(installed, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    found, compiled = run(installed, there, "--workers", "2")
    assert compiled == []
    (site_packages,) = installed.parents[1].glob("lib/python*/site-packages")
    shutil.rmtree(site_packages / "sweep_dask" / "carried")
    expected, compiled = run(installed, here, "--workers", "2")
    assert compiled
    assert found == expected
