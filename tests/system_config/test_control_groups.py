"""Control groups, seen through fake trees of /proc and /sys."""

from __future__ import annotations

import pytest

from sweep_dask.memory import GIB
from sweep_dask.system_config import detect_system_config

MIB = 1024**2
NO_V1_LIMIT = 9223372036854771712  # what a v1 kernel with pages of 4 KiB writes

#: The machine of the fixture.
CPUS, AVAILABLE_BYTES = 8, 16 * GIB


def test_v2_every_level_counts(tree, detect):
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


def test_v2_limit_on_another_branch_does_not_count(tree, detect):
    files = {"other/cpu.max": "100000 100000", "other/memory.max": f"{GIB}"}
    assert detect(tree(["0::/mine"], {"v2": "/"}, files)) == (CPUS, AVAILABLE_BYTES)


def test_v2_inactive_file_cache_is_not_usage(tree, detect):
    files = {
        "job/memory.max": f"{4 * GIB}",
        "job/memory.current": f"{3 * GIB}",
        "job/memory.stat": f"anon {GIB}\nfile {2 * GIB}\ninactive_file {2 * GIB}\n",
    }
    assert detect(tree(["0::/job"], {"v2": "/"}, files)) == (CPUS, 3 * GIB)


def test_v2_throttling_limit_counts(tree, detect):
    files = {"job/memory.max": f"{8 * GIB}", "job/memory.high": f"{2 * GIB}"}
    assert detect(tree(["0::/job"], {"v2": "/"}, files)) == (CPUS, 2 * GIB)


def test_usage_above_the_limit_leaves_nothing_not_less(tree, detect):
    files = {"job/memory.max": f"{GIB}", "job/memory.current": f"{2 * GIB}"}
    assert detect(tree(["0::/job"], {"v2": "/"}, files)) == (CPUS, 0)


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [("150000 100000", 1), ("50000 100000", 1), ("250000 100000", 2), ("max 100000", CPUS),
     ("9000000 100000", CPUS), ("1000 1000", 1)],
)  # fmt: skip
def test_quota_is_rounded_down_but_never_to_none(tree, detect, quota, cpus):
    assert detect(tree(["0::/job"], {"v2": "/"}, {"job/cpu.max": quota}))[0] == cpus


def test_v1_every_level_counts(tree, detect):
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


def test_hybrid_layout_looks_into_both(tree, detect):
    groups = ["4:memory:/job", "0::/user/job"]
    files = {
        "memory/job/memory.limit_in_bytes": f"{3 * GIB}",
        "unified/user/cpu.max": "200000 100000",
    }
    assert detect(tree(groups, {"memory": "/", "unified": "/"}, files)) == (2, 3 * GIB)


def test_container_sees_its_own_group_mounted_at_the_top(tree, detect):
    """Without a namespace both files name the group from the host's top; only it is mounted."""
    files = {"memory/memory.limit_in_bytes": f"{GIB}", "cpu,cpuacct/cpu.cfs_quota_us": "200000",
             "cpu,cpuacct/cpu.cfs_period_us": "100000"}  # fmt: skip
    groups = ["4:memory:/docker/abc", "3:cpu,cpuacct:/docker/abc"]
    assert detect(tree(groups, {"memory": "/docker/abc", "cpu": "/docker/abc"}, files)) == (2, GIB)


def test_group_inside_a_container(tree, detect):
    files = {"memory/inner/memory.limit_in_bytes": f"{GIB}"}
    root = tree(["4:memory:/docker/abc/inner"], {"memory": "/docker/abc"}, files)
    assert detect(root) == (CPUS, GIB)


def test_namespace_of_its_own(tree, detect):
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
def test_group_hidden_by_a_namespace_falls_back_to_the_top_of_the_mount(
    tree, detect, group, mount_root
):
    files = {"memory.max": f"{GIB}", "../sibling/memory.max": "1"}  # nothing outside the mount
    assert detect(tree([f"0::{group}"], {"v2": mount_root}, files)) == (CPUS, GIB)


def test_mount_of_another_group_does_not_count_beside_our_own(tree, detect):
    files = {"unified/memory.max": f"{GIB}", "mine/memory.max": f"{2 * GIB}"}
    root = tree(["0::/mine"], {"unified": "/other", "v2": "/"}, files)
    assert detect(root) == (CPUS, 2 * GIB)


def test_group_whose_folder_is_not_visible_still_has_its_parents(tree, detect):
    files = {"memory.max": f"{GIB}"}
    assert detect(tree(["0::/gone/away"], {"v2": "/"}, files)) == (CPUS, GIB)


def test_names_with_blanks_and_colons(tree, detect):
    files = {"my job:1/memory.max": f"{GIB}"}
    assert detect(tree(["0::/my job:1"], {"v2": "/"}, files)) == (CPUS, GIB)
    files = {"inner/memory.max": f"{GIB // 2}"}
    root = tree(["0::/my job/inner"], {"v2": "/my\\040job"}, files)
    assert detect(root) == (CPUS, GIB // 2)
