"""A machine of eight CPUs and 16 GiB, and fake trees of /proc and /sys."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from sweep_dask.memory import GIB
from sweep_dask.system_config import detect_system_config

CPUS, AVAILABLE_BYTES = 8, 16 * GIB

MOUNTS = {
    "v2": "30 23 0:26 {root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate",
    "cpu": "32 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
    "memory": "35 31 0:32 {root} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
    "unified": "41 31 0:38 {root} /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
    "other": "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
    "systemd": "39 31 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
}


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Eight CPUs, all of them ours, and 16 GiB; no variables."""
    monkeypatch.setattr(os, "cpu_count", lambda: CPUS)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(CPUS)), raising=False)
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: SimpleNamespace(available=AVAILABLE_BYTES)
    )
    monkeypatch.delenv("SWEEP_WORKERS", raising=False)
    monkeypatch.delenv("SWEEP_CHUNK_SIZE", raising=False)


@pytest.fixture
def tree(tmp_path):
    """Write a tree: groups of this process, mounts with their roots, and files below /sys."""

    def tree(groups: list[str], mounts: dict[str, str], files: dict[str, str]) -> Path:
        lines = [
            MOUNTS["other"],
            *(MOUNTS[kind].format(root=root) for kind, root in mounts.items()),
        ]
        contents = {
            "proc/self/cgroup": "".join(f"{group}\n" for group in groups),
            "proc/self/mountinfo": "".join(f"{line}\n" for line in lines),
            **{f"sys/fs/cgroup/{name}": text for name, text in files.items()},
        }
        for name, text in contents.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return tree


@pytest.fixture
def detect():
    """CPUs and available bytes, of a detection that worked."""

    def detect(root: Path) -> tuple[int, int]:
        config = detect_system_config(root=root)
        assert not config.defaults_used
        assert config.warnings == ()
        return config.cpu_count, config.available_memory_bytes

    return detect
