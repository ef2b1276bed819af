"""What the machine has, seen through fake trees of /proc and /sys, and the sizes that follow."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask import system_config
from sweep_dask.errors import ResourceError
from sweep_dask.settings import OPTIONS
from sweep_dask.system_config import (
    BASE_PROCESS_BYTES,
    BLOCK_MEMORY_FACTOR,
    DEFAULT_AVAILABLE_BYTES,
    GIB,
    MINIMUM_BLOCKSIZE_BYTES,
    SystemConfig,
    _calculate_optimal_chunk_size,
    _calculate_optimal_workers,
    derive_blocksize,
    detect_system_config,
    format_bytes,
    get_config_with_overrides,
    memory_limit_per_worker,
    projected_block_task_bytes,
    require_block_fits,
    whole_run_limit,
)

MIB = 1024**2
CPUS, AVAILABLE_BYTES = 8, 16 * GIB
NO_V1_LIMIT = 9223372036854771712  # what a v1 kernel with pages of 4 KiB writes


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Eight CPUs, all of them ours, and 16 GiB; no variables."""
    monkeypatch.setattr(os, "cpu_count", lambda: CPUS)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(CPUS)), raising=False)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=16 * GIB))
    monkeypatch.delenv("SWEEP_WORKERS", raising=False)
    monkeypatch.delenv("SWEEP_CHUNK_SIZE", raising=False)


MOUNTS = {
    "v2": "30 23 0:26 {root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate",
    "cpu": "32 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
    "memory": "35 31 0:32 {root} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
    "unified": "41 31 0:38 {root} /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
    "other": "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
    "systemd": "39 31 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
}


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


def detect(root: Path) -> tuple[int, int]:
    """CPUs and available bytes, of a detection that worked."""
    config = detect_system_config(root=root)
    assert not config.defaults_used
    assert config.warnings == ()
    return config.cpu_count, config.available_memory_bytes


# --- sizing rules ---


@pytest.mark.parametrize(
    ("cpus", "workers"),
    [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (8, 6), (9, 7), (18, 16), (19, 16), (32, 16)],
)
def test_workers(cpus, workers):
    assert _calculate_optimal_workers(cpus) == workers


@pytest.mark.parametrize(
    ("available_bytes", "rows"),
    [
        (0, 10_000),
        (204_800_000, 10_000),  # 5 % of it is 10,000 KiB
        (4 * GIB, 209_715),
        (8 * GIB, 419_430),
        (10_239_999_999, 499_999),
        (10_240_000_000, 500_000),  # 9.54 GiB: the cap
        (64 * GIB, 500_000),
    ],
)
def test_chunk_size(available_bytes, rows):
    assert _calculate_optimal_chunk_size(available_bytes) == rows


def test_default_memory_is_what_the_rule_needs_for_the_default_rows():
    assert _calculate_optimal_chunk_size(DEFAULT_AVAILABLE_BYTES) == 100_000
    assert _calculate_optimal_chunk_size(DEFAULT_AVAILABLE_BYTES - 1) == 99_999


def test_whole_run_limit_is_the_setting_else_nine_tenths():
    assert whole_run_limit(1000) == 900
    assert whole_run_limit(1000, memory_limit_gb=1.5) == 1536 * MIB


def test_memory_limit_per_worker():
    assert memory_limit_per_worker(1001, 2) == 500


def test_blocksize_is_chunk_size_times_bytes_per_row():
    assert derive_blocksize(100_000, 230.5, 16 * GIB) == 23_050_000


def test_blocksize_is_reduced_until_its_task_fits():
    limit_bytes = BASE_PROCESS_BYTES + BLOCK_MEMORY_FACTOR * 10 * MIB
    assert derive_blocksize(500_000, 230, limit_bytes) == 10 * MIB


def test_derived_blocksize_has_a_floor():
    assert derive_blocksize(1_000, 10, GIB) == MINIMUM_BLOCKSIZE_BYTES


def test_a_limit_that_takes_no_block_is_an_error_with_numbers_and_a_cure():
    enough_bytes = projected_block_task_bytes(MINIMUM_BLOCKSIZE_BYTES)
    assert derive_blocksize(100_000, 200, enough_bytes) == MINIMUM_BLOCKSIZE_BYTES
    with pytest.raises(ResourceError) as caught:
        derive_blocksize(100_000, 200, enough_bytes - 1)
    assert caught.value.exit_code == 4
    assert caught.value.value == enough_bytes - 1
    assert format_bytes(MINIMUM_BLOCKSIZE_BYTES) in str(caught.value)
    assert "--workers" in str(caught.value)


def test_a_block_the_user_asked_for_may_be_small_but_must_fit():
    require_block_fits(1_000, projected_block_task_bytes(1_000))
    with pytest.raises(ResourceError):
        require_block_fits(GIB, GIB)


@given(st.integers(1_000, 10**7), st.floats(1, 10_000), st.integers(BASE_PROCESS_BYTES, 2**40))
def test_a_derived_block_always_fits(chunk_size, bytes_per_row, memory_limit_bytes):
    try:
        blocksize_bytes = derive_blocksize(chunk_size, bytes_per_row, memory_limit_bytes)
    except ResourceError:
        assert projected_block_task_bytes(MINIMUM_BLOCKSIZE_BYTES) > memory_limit_bytes
    else:
        assert blocksize_bytes >= MINIMUM_BLOCKSIZE_BYTES
        assert projected_block_task_bytes(blocksize_bytes) <= memory_limit_bytes


def test_minimum_values_are_those_of_the_settings():
    minimum = {option.name: option.minimum for option in OPTIONS}
    assert minimum["workers"] == system_config.MINIMUM_WORKERS
    assert minimum["chunk_size"] == system_config.MINIMUM_CHUNK_ROWS


# --- what is printed ---


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


# --- candidates without control groups ---


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


def test_a_system_without_affinity(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    assert detect(tmp_path) == (CPUS, AVAILABLE_BYTES)


def test_this_machine_is_detected_without_a_warning(monkeypatch):
    monkeypatch.undo()
    config = detect_system_config()
    assert config.warnings == ()
    assert 1 <= config.cpu_count <= (os.cpu_count() or 1)
    assert 0 < config.available_memory_bytes <= psutil.virtual_memory().total


# --- control groups ---


def test_v2_every_level_counts(tree):
    files = {
        "a/cpu.max": "300000 100000",  # a parent's quota binds its children
        "a/b/cpu.max": "max 100000",
        "a/b/c/cpu.max": "600000 100000",
        "a/memory.max": f"{8 * GIB}",
        "a/memory.current": f"{6 * GIB}",  # siblings use it too, 2 GiB are left
        "a/b/memory.max": f"{3 * GIB}",
        "a/b/memory.current": f"{512 * MIB}",  # 2.5 GiB are left
        "a/b/c/memory.max": "max",
    }
    assert detect(tree(["0::/a/b/c"], {"v2": "/"}, files)) == (3, 2 * GIB)


def test_v2_limit_on_another_branch_does_not_count(tree):
    files = {"other/cpu.max": "100000 100000", "other/memory.max": f"{GIB}"}
    assert detect(tree(["0::/mine"], {"v2": "/"}, files)) == (CPUS, AVAILABLE_BYTES)


def test_v2_inactive_file_cache_is_not_usage(tree):
    files = {
        "job/memory.max": f"{4 * GIB}",
        "job/memory.current": f"{3 * GIB}",
        "job/memory.stat": f"anon {GIB}\nfile {2 * GIB}\ninactive_file {2 * GIB}\n",
    }
    assert detect(tree(["0::/job"], {"v2": "/"}, files)) == (CPUS, 3 * GIB)


def test_v2_throttling_limit_counts(tree):
    files = {"job/memory.max": f"{8 * GIB}", "job/memory.high": f"{2 * GIB}"}
    assert detect(tree(["0::/job"], {"v2": "/"}, files)) == (CPUS, 2 * GIB)


def test_usage_above_the_limit_leaves_nothing_not_less(tree):
    files = {"job/memory.max": f"{GIB}", "job/memory.current": f"{2 * GIB}"}
    assert detect(tree(["0::/job"], {"v2": "/"}, files)) == (CPUS, 0)


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [("150000 100000", 1), ("50000 100000", 1), ("250000 100000", 2), ("max 100000", CPUS),
     ("9000000 100000", CPUS), ("1000 1000", 1)],
)  # fmt: skip
def test_quota_is_rounded_down_but_never_to_none(tree, quota, cpus):
    assert detect(tree(["0::/job"], {"v2": "/"}, {"job/cpu.max": quota}))[0] == cpus


def test_v1_every_level_counts(tree):
    groups = ["4:memory:/a/b", "3:cpuset:/z", "2:cpu,cpuacct:/a/b", "1:name=systemd:/x"]
    files = {
        "cpu,cpuacct/cpu.cfs_quota_us": "-1",
        "cpu,cpuacct/cpu.cfs_period_us": "100000",
        "cpu,cpuacct/a/cpu.cfs_quota_us": "400000",
        "cpu,cpuacct/a/cpu.cfs_period_us": "100000",
        "cpu,cpuacct/a/b/cpu.cfs_quota_us": "-1",
        "cpu,cpuacct/a/b/cpu.cfs_period_us": "100000",
        "memory/memory.limit_in_bytes": f"{NO_V1_LIMIT}",
        "memory/memory.usage_in_bytes": f"{20 * GIB}",
        "memory/a/memory.limit_in_bytes": f"{6 * GIB}",
        "memory/a/memory.usage_in_bytes": f"{2 * GIB}",
        # The sum over the groups below has a name of its own in v1.
        "memory/a/memory.stat": f"inactive_file 0\ntotal_inactive_file {GIB}\n",
        "memory/a/b/memory.limit_in_bytes": f"{NO_V1_LIMIT}",
    }
    root = tree(groups, {"cpu": "/", "memory": "/", "systemd": "/"}, files)
    assert detect(root) == (4, 5 * GIB)


def test_v1_no_limit_is_a_huge_number(tree):
    files = {"memory/a/memory.limit_in_bytes": f"{NO_V1_LIMIT}"}
    config = detect_system_config(root=tree(["4:memory:/a"], {"memory": "/"}, files))
    assert config.memory_candidates[-1].value is None


def test_hybrid_layout_looks_into_both(tree):
    groups = ["4:memory:/job", "0::/user/job"]
    files = {
        "memory/job/memory.limit_in_bytes": f"{3 * GIB}",
        "unified/user/cpu.max": "200000 100000",
    }
    assert detect(tree(groups, {"memory": "/", "unified": "/"}, files)) == (2, 3 * GIB)


def test_container_sees_its_own_group_mounted_at_the_top(tree):
    """Without a namespace both files name the group from the host's top; only it is mounted."""
    files = {"memory/memory.limit_in_bytes": f"{GIB}", "cpu,cpuacct/cpu.cfs_quota_us": "200000",
             "cpu,cpuacct/cpu.cfs_period_us": "100000"}  # fmt: skip
    groups = ["4:memory:/docker/abc", "3:cpu,cpuacct:/docker/abc"]
    assert detect(tree(groups, {"memory": "/docker/abc", "cpu": "/docker/abc"}, files)) == (2, GIB)


def test_group_inside_a_container(tree):
    files = {"memory/inner/memory.limit_in_bytes": f"{GIB}"}
    root = tree(["4:memory:/docker/abc/inner"], {"memory": "/docker/abc"}, files)
    assert detect(root) == (CPUS, GIB)


def test_namespace_of_its_own(tree):
    """In a namespace the group is `/` and so is the root of the mount."""
    files = {"cpu.max": "200000 100000", "memory.max": f"{GIB}"}
    assert detect(tree(["0::/"], {"v2": "/"}, files)) == (2, GIB)


@pytest.mark.parametrize(
    ("group", "mount_root"),
    [
        ("/", "/docker/abc"),  # a namespace, over a mount from outside of it
        ("/", "/.."),  # mounted by the parent namespace
        ("/../sibling", "/"),  # moved out of its namespace
        ("/kubepods/abc", "/other"),
    ],
)
def test_group_hidden_by_a_namespace_falls_back_to_the_top_of_the_mount(tree, group, mount_root):
    files = {"memory.max": f"{GIB}", "../sibling/memory.max": "1"}  # nothing outside the mount
    assert detect(tree([f"0::{group}"], {"v2": mount_root}, files)) == (CPUS, GIB)


def test_mount_of_another_group_does_not_count_beside_our_own(tree):
    files = {"unified/memory.max": f"{GIB}", "mine/memory.max": f"{2 * GIB}"}
    root = tree(["0::/mine"], {"unified": "/other", "v2": "/"}, files)
    assert detect(root) == (CPUS, 2 * GIB)


def test_group_whose_folder_is_not_visible_still_has_its_parents(tree):
    files = {"memory.max": f"{GIB}"}
    assert detect(tree(["0::/gone/away"], {"v2": "/"}, files)) == (CPUS, GIB)


def test_names_with_blanks_and_colons(tree):
    files = {"my job:1/memory.max": f"{GIB}"}
    assert detect(tree(["0::/my job:1"], {"v2": "/"}, files)) == (CPUS, GIB)
    files = {"inner/memory.max": f"{GIB // 2}"}
    root = tree(["0::/my job/inner"], {"v2": "/my\\040job"}, files)
    assert detect(root) == (CPUS, GIB // 2)


# --- failures ---


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


def test_missing_files_are_no_failure(tree):
    root = tree(["0::/job"], {"v2": "/"}, {"job/memory.max": f"{GIB}"})
    assert detect(root) == (CPUS, GIB)  # no memory.current, no memory.stat, no cpu.max
    (root / "proc/self/mountinfo").unlink()
    assert detect(root) == (CPUS, AVAILABLE_BYTES)


def test_after_a_failure_less_memory_than_the_default_is_believed(tree):
    files = {"job/memory.max": f"{GIB}", "job/cpu.max": "lots"}
    config = detect_system_config(root=tree(["0::/job"], {"v2": "/"}, files))
    assert config.defaults_used
    assert config.available_memory_bytes == GIB


# --- overrides ---


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
