"""How the package is built: by setuptools, and a wheel carries the compiled code.

Such a wheel is for one version of Python and one architecture. Where numba cannot be had while it
is built (`--no-build-isolation`), the wheel carries none and is for all; so are source archives and
editable installations.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from setuptools.build_meta import *  # noqa: F403  a backend has a function for each kind of build
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

#: What the commands use is compiled by using it, and what workers use besides.
_USE = """
import sys
from pathlib import Path
import sweep_dask
from sweep_dask.partition.ahead import compile_ahead
from sweep_dask.sample import MarketParameters
from sweep_dask.sample.synthetic_market import write_market
market, output = Path(sys.argv[1], "market"), Path(sys.argv[1], "output")
write_market(market, MarketParameters(events=200, reloaded_orders=2))
for command in (sweep_dask.run, sweep_dask.replay):
    command(market, output=output, enable_parallel=False, progress=False)
compile_ahead(book=True)
"""


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:  # noqa: ARG001
    """What the package needs: it is used."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["dependencies"])


class Wheel(bdist_wheel):
    """A wheel that is for a platform if numba is here to compile for it."""

    def finalize_options(self) -> None:
        """Say so before anything is built: it decides the tag and where it is built."""
        if "bdist_wheel" in self.distribution.commands and find_spec("numba"):
            self.distribution.has_ext_modules = lambda: True
        super().finalize_options()


class Modules(build_py):
    """The modules and, for a wheel of a platform, what they compile to."""

    def run(self) -> None:
        """Copy the modules; then compile what they compile, for every processor."""
        super().run()
        if self.distribution.has_ext_modules():
            _compile(Path(self.build_lib).absolute())


def _compile(modules: Path) -> None:
    carried = modules / "sweep_dask" / "carried"
    shutil.rmtree(carried, ignore_errors=True)
    environment = os.environ | {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(carried),
        "PYTHONPATH": os.pathsep.join([str(modules), *sys.path]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with TemporaryDirectory() as scratch:
        command = [sys.executable, "-c", _USE, scratch]
        subprocess.run(command, env=environment, cwd=scratch, check=True)  # noqa: S603  ourselves
