"""The source archive and the wheel: installed elsewhere they run, and compile nothing first."""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import numba
import pytest
from project_files import project_files
from running import ROOT, result_files, run_here

from sweep_dask.sample import sample_market_path

pytest.importorskip("build")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

#: Pythons to try; the first is the oldest allowed.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
#: What the build adds to a source archive.
ADDED = {"PKG-INFO", "setup.cfg"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of what is in the repository: building leaves folders behind."""
    folder = tmp_path_factory.mktemp("source")
    for path in project_files():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return folder


@pytest.fixture(scope="module")
def packages(source, tmp_path_factory):
    """The source archive, and the wheel that is built from it and not from its source."""
    folder = tmp_path_factory.mktemp("packages")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source], check=True
    )
    (archive,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return archive, wheel


@pytest.fixture(scope="module")
def installed(packages, tmp_path_factory):
    """The folder of an environment with the wheel, elsewhere, and what it depends on."""
    _, wheel = packages
    folder = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(folder, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True)
    dependencies = site_packages(folder) / "dependencies.pth"
    dependencies.write_text(f"{Path(numba.__file__).parents[1]}\n")
    return folder


def site_packages(environment):
    (packages,) = environment.glob("lib/python*/site-packages")
    return packages


def run(environment, folder, *options):
    """A run on the sample; returns its results and all code that was compiled meanwhile."""
    folder.mkdir()
    cache = folder / "cache"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SWEEP_", "DASK_", "PYTHON"))}
    program = environment / "bin" / "sweep-dask"
    subprocess.run(
        [program, "run", "--output", folder / "output", "--workers", "2", *options],
        cwd=folder,
        env=kept | {"NUMBA_CACHE_DIR": str(cache)},
        check=True,
    )
    return result_files(folder / "output"), list(cache.rglob("*.code"))


def test_source_archive_has_what_the_repository_has(source, packages):
    archive, _ = packages
    with tarfile.open(archive) as file:
        members = [Path(*Path(it.name).parts[1:]) for it in file.getmembers() if it.isfile()]
    found = {str(it) for it in members if it.parts[0] != "sweep_dask.egg-info"} - ADDED
    # Building has left a folder beside the source.
    there = {str(it.relative_to(source)) for it in source.rglob("*") if it.is_file()}
    assert found == {it for it in there if not it.startswith("sweep_dask.egg-info/")}


def test_the_wheel_is_of_this_platform(packages):
    _, wheel = packages
    version = "cp{}{}".format(*sys.version_info)
    assert f"-{version}-{version}-" in wheel.name
    assert not wheel.name.endswith("-any.whl")


def test_first_run_compiles_nothing_and_finds_the_same(installed, tmp_path):
    found, compiled = run(installed, tmp_path / "there")
    assert compiled == []
    # Here the same is compiled for this processor.
    here = run_here(sample_market_path(), tmp_path / "here", enable_parallel=False)
    assert found == result_files(here.output)
    shutil.rmtree(site_packages(installed) / "sweep_dask" / "carried")
    _, compiled = run(installed, tmp_path / "without", "--model", "time-priority")
    assert compiled


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("version", PYTHONS)
def test_source_archive_installs_and_runs(version, packages, tmp_path, request):
    """As a stranger installs it, with all that it needs from the package index."""
    if not request.config.getoption("--every-python"):
        pytest.skip("only with --every-python: make test-pythons")
    python = interpreter(version)
    if python is None:
        pytest.skip(f"NOT TRIED ON PYTHON {version}, which is not here")
    archive, _ = packages
    environment = tmp_path / "environment"
    subprocess.run([python, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", archive], check=True)
    found, compiled = run(environment, tmp_path / "run")
    assert compiled == []
    assert "report.html" in {path.name for path in (tmp_path / "run" / "output").iterdir()}
    assert found


def interpreter(version):
    """The first one of this version that answers: on PATH, of pyenv, of uv; None without one."""
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(name), *pyenv.glob(f"versions/{version}.*/bin/{name}")]
    if uv := shutil.which("uv"):
        told = subprocess.run([uv, "python", "find", version], stdout=subprocess.PIPE, check=False)
        candidates.append(told.stdout.decode().strip())
    return next((str(it) for it in candidates if it and answers(it, version)), None)


def answers(python, version):
    """Whether it is a Python of this version; a shim of pyenv may be none at all."""
    done = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.startswith(f"Python {version}.")
