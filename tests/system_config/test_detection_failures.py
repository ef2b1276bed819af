"""Whatever cannot be detected is a warning and the defaults."""

from __future__ import annotations

import logging
import os
import sys

import psutil
import pytest

from sweep_dask.memory import GIB
from sweep_dask.system_config import (
    DEFAULT_AVAILABLE_BYTES,
    SystemConfig,
    detect_system_config,
)

#: The machine of the fixture.
CPUS, AVAILABLE_BYTES = 8, 16 * GIB


def assert_defaults(config: SystemConfig, caplog, *words: str) -> None:
    assert config.defaults_used
    assert (config.num_workers, config.chunk_size) == (1, 100_000)
    assert not config.enable_parallel
    assert 0 < config.available_memory_bytes <= DEFAULT_AVAILABLE_BYTES
    (warning,) = config.warnings
    assert all(word in warning for word in words)
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.WARNING, warning)
    ]


def test_psutil_missing(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert_defaults(detect_system_config(root=tmp_path), caplog, "psutil cannot be imported")


@pytest.mark.parametrize(
    "error",
    [OSError("x"), RuntimeError("x"), KeyError("x"), psutil.Error("x"), NotImplementedError("x")],
)
def test_psutil_raising(tmp_path, monkeypatch, caplog, error):
    def fail():
        raise error

    monkeypatch.setattr(psutil, "virtual_memory", fail)
    config = detect_system_config(root=tmp_path)
    assert_defaults(config, caplog, "psutil failed", type(error).__name__)
    assert config.cpu_count == CPUS


def test_number_of_cpus_unknown(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.delattr(os, "sched_getaffinity")
    config = detect_system_config(root=tmp_path)
    assert_defaults(config, caplog, "os.cpu_count")
    assert config.cpu_count == 1


def test_affinity_cannot_be_read(tmp_path, monkeypatch, caplog):
    def fail(_):
        raise OSError("not allowed")

    monkeypatch.setattr(os, "sched_getaffinity", fail)
    assert_defaults(detect_system_config(root=tmp_path), caplog, "affinity", "not allowed")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cpu.max", "lots 100000"),
        ("memory.max", "4G"),
        ("memory.max", "\xff"),
        ("memory.current", "?"),
        ("memory.stat", "nonsense"),
    ],
)
def test_file_that_cannot_be_understood(tree, caplog, name, text):
    files = {"job/memory.max": f"{4 * GIB}", f"job/{name}": text}
    config = detect_system_config(root=tree(["0::/job"], {"v2": "/"}, files))
    assert_defaults(config, caplog, f"/sys/fs/cgroup/job/{name}")


@pytest.mark.parametrize("name", ["cpu.max", "memory.max"])
def test_file_that_cannot_be_read(tree, caplog, name):
    root = tree(["0::/job"], {"v2": "/"}, {})
    (root / "sys/fs/cgroup/job" / name).mkdir(parents=True)  # unreadable for every user
    config = detect_system_config(root=root)
    assert_defaults(config, caplog, f"/job/{name} cannot be read")


@pytest.mark.parametrize("name", ["cgroup", "mountinfo"])
def test_lines_that_cannot_be_understood(tree, name):
    root = tree(["0::/job"], {"v2": "/"}, {})
    (root / "proc/self" / name).write_text("nonsense\n")
    config = detect_system_config(root=root)
    assert config.defaults_used
    assert (config.num_workers, config.chunk_size) == (1, 100_000)
    assert len(config.warnings) == 2  # neither CPUs nor memory are known
    assert all("nonsense" in warning for warning in config.warnings)


def test_missing_files_are_no_failure(tree, detect):
    root = tree(["0::/job"], {"v2": "/"}, {"job/memory.max": f"{GIB}"})
    assert detect(root) == (CPUS, GIB)  # no memory.current, no memory.stat, no cpu.max
    (root / "proc/self/mountinfo").unlink()
    assert detect(root) == (CPUS, AVAILABLE_BYTES)


def test_after_a_failure_less_memory_than_the_default_is_believed(tree):
    files = {"job/memory.max": f"{GIB}", "job/cpu.max": "lots"}
    config = detect_system_config(root=tree(["0::/job"], {"v2": "/"}, files))
    assert config.defaults_used
    assert config.available_memory_bytes == GIB
