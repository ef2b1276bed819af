"""The machine as it is detected, overridden and printed."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import psutil
import pytest

from sweep_dask.memory import GIB, format_bytes
from sweep_dask.system_config import (
    SystemConfig,
    detect_system_config,
    get_config_with_overrides,
    worker_reason,
)

MIB = 1024**2

#: The machine of the fixture.
CPUS, AVAILABLE_BYTES = 8, 16 * GIB


def test_block_at_the_start_of_a_run():
    config = SystemConfig(8, 6, 12.346, 419_430, True, 2 * GIB, 96 * MIB)
    assert str(config).splitlines() == [
        "System Configuration",
        "  CPU Cores:               8",
        "  Workers:                 6",
        "  Available Memory:        12.35 GB",
        "  Chunk Size:              419,430 rows",
        "  Parallel Processing:     Enabled",
        "  Memory Limit per Worker: 2.00 GiB",
        "  Blocksize:               96.00 MiB",
    ]


def test_block_before_limits_are_derived():
    text = str(SystemConfig(1, 1, 4.0, 100_000, False))
    assert "Disabled" in text
    assert text.count(" auto") == 2


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.50 KiB"), (GIB, "1.00 GiB"),
     (2**50, "1024.00 TiB")],
)  # fmt: skip
def test_format_bytes(size_bytes, text):
    assert format_bytes(size_bytes) == text


def test_one_worker_of_two_processors_has_its_reason():
    assert worker_reason(2, GIB) == "of 2 CPUs one is left free; --workers 2 uses both"
    assert worker_reason(8, 3 * GIB) == "from 8 CPUs and 3.00 GiB for the run"


def test_reasons_list_every_candidate(tree):
    files = {"job/cpu.max": "200000 100000", "job/memory.max": f"{4 * GIB}"}
    config = detect_system_config(root=tree(["0::/job"], {"v2": "/"}, files))
    assert config.reasons() == (
        "CPU: os.cpu_count 8, affinity 8, cgroup quota 2.0 -> 2",
        "Memory: psutil available 16.00 GiB, cgroup limit - usage 4.00 GiB -> 4.00 GiB",
    )
    quota, memory = config.cpu_candidates[-1], config.memory_candidates[-1]
    assert quota.winner
    assert memory.winner
    assert (quota.where or "").endswith("/sys/fs/cgroup/job")
    assert [candidate.winner for candidate in config.cpu_candidates] == [False, False, True]


def test_no_control_groups_is_no_failure(tmp_path):
    config = detect_system_config(root=tmp_path)
    assert (config.cpu_count, config.num_workers) == (8, 6)
    assert (config.available_memory_gb, config.chunk_size) == (16.0, 500_000)
    assert config.enable_parallel
    assert not config.defaults_used
    assert config.cpu_candidates[-1].value is None
    assert [candidate.winner for candidate in config.cpu_candidates] == [True, False, False]


def test_affinity_can_be_the_smallest(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    config = detect_system_config(root=tmp_path)
    assert (config.cpu_count, config.num_workers, config.enable_parallel) == (2, 1, False)


def test_a_system_without_affinity(tmp_path, detect, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    assert detect(tmp_path) == (CPUS, AVAILABLE_BYTES)


def test_this_machine_is_detected_without_a_warning(monkeypatch):
    monkeypatch.undo()
    config = detect_system_config()
    assert config.warnings == ()
    assert 1 <= config.cpu_count <= (os.cpu_count() or 1)
    assert 0 < config.available_memory_bytes <= psutil.virtual_memory().total


def test_overrides_take_the_place_of_what_is_derived(tmp_path):
    derived = detect_system_config(root=tmp_path)
    config = detect_system_config(override_workers=2, override_chunk_size=5_000, root=tmp_path)
    assert config == replace(derived, num_workers=2, chunk_size=5_000)


def test_overrides_hold_after_a_failure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    config = detect_system_config(override_workers=3, root=tmp_path)
    assert (config.num_workers, config.chunk_size, config.enable_parallel) == (3, 100_000, True)
    assert config.defaults_used


def test_arguments_then_environment_then_detection(tmp_path, monkeypatch):
    monkeypatch.setenv("SWEEP_WORKERS", "3")
    monkeypatch.setenv("SWEEP_CHUNK_SIZE", "30000")
    config = get_config_with_overrides(workers=2, chunk_size=20_000, root=tmp_path)
    assert (config.num_workers, config.chunk_size) == (2, 20_000)
    config = get_config_with_overrides(root=tmp_path)
    assert (config.num_workers, config.chunk_size) == (3, 30_000)
    monkeypatch.setenv("SWEEP_WORKERS", "auto")
    monkeypatch.delenv("SWEEP_CHUNK_SIZE")
    config = get_config_with_overrides(root=tmp_path)
    assert (config.num_workers, config.chunk_size) == (6, 500_000)
    assert config.warnings == ()


@pytest.mark.parametrize(("workers", "chunk_size"), [(0, 999), (-5, 0)])
def test_below_the_minimum_is_raised_with_a_warning(tmp_path, monkeypatch, workers, chunk_size):
    config = get_config_with_overrides(workers=workers, chunk_size=chunk_size, root=tmp_path)
    assert (config.num_workers, config.chunk_size) == (1, 1_000)
    assert len(config.warnings) == 2
    monkeypatch.setenv("SWEEP_WORKERS", f"{workers}")
    monkeypatch.setenv("SWEEP_CHUNK_SIZE", f"{chunk_size}")
    assert get_config_with_overrides(root=tmp_path) == config


@pytest.mark.parametrize("text", ["many", "2.5", "1e3"])
def test_bad_variable_is_a_warning_and_detection_follows(tmp_path, monkeypatch, text, caplog):
    monkeypatch.setenv("SWEEP_WORKERS", text)
    config = get_config_with_overrides(root=tmp_path)
    assert (config.num_workers, config.defaults_used) == (6, False)
    (warning,) = config.warnings
    assert "SWEEP_WORKERS" in warning
    assert repr(text) in warning
    assert warning in caplog.text
