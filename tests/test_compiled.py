"""Compiled code is kept, carried and compiled once, and never found for other sources."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sweep_dask import compiled
from sweep_dask.compiled import kept_folder, state_of

KERNELS = "from sweep_dask.compiled import entry\n@entry\ndef doubled(x):\n    return 2 * x\n"
USE = "import kernels; print(kernels.doubled(21), sum(kernels.doubled._cache_misses.values()))"


@pytest.fixture
def room(tmp_path):
    folder = tmp_path / "room"
    folder.mkdir()
    (folder / "kernels.py").write_text(KERNELS)
    return folder


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def use(room, cache, carried="/nowhere", **variables):
    """What `doubled` says in a process of its own, and how often it was compiled there."""
    program = f"import sys; from pathlib import Path; from sweep_dask import compiled\n\
compiled.CARRIED = Path({str(carried)!r}); sys.path.insert(0, {str(room)!r}); {USE}"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)} | variables
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return tuple(map(int, done.stdout.split()))


@pytest.fixture
def carried(room, tmp_path):
    """Compiled as for a wheel."""
    processor = dict(
        zip(("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"), compiled.ANY_PROCESSOR, strict=True)
    )
    assert use(room, tmp_path / "carried", **processor) == (42, 1)
    return tmp_path / "carried"


def test_it_is_compiled_once(room, cache):
    assert use(room, cache) == (42, 1)
    assert use(room, cache) == (42, 0)


def test_processes_that_need_it_at_the_same_time_wait_for_one(room, cache):
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda _: use(room, cache), range(4)))
    assert sorted(found) == [(42, 0), (42, 0), (42, 0), (42, 1)]


def test_what_is_carried_is_not_compiled(room, cache, carried):
    assert use(room, cache, carried) == (42, 0)
    assert not list(cache.rglob("*.code"))


def test_code_carried_of_other_sources_is_compiled(room, cache, carried):
    (room / "kernels.py").write_text(KERNELS + "\n")
    assert use(room, cache, carried) == (42, 1)
    assert use(room, cache, carried) == (42, 0)


@pytest.mark.parametrize(
    "damage", [lambda code: code[:-1], lambda code: b"", lambda code: b"?" + code]
)
@pytest.mark.parametrize("which", ["carried", "kept"])
def test_damaged_code_is_compiled_again(room, cache, carried, which, damage):
    folder, arguments = (carried, (carried,)) if which == "carried" else (cache, ())
    use(room, cache, *arguments)
    (path,) = folder.rglob("*.code")
    path.write_bytes(damage(path.read_bytes()))
    assert use(room, cache, *arguments) == (42, 1)
    assert use(room, cache, *arguments) == (42, 0)


def test_where_nothing_can_be_kept_it_still_works(room, tmp_path):
    file = tmp_path / "file"
    file.touch()
    assert use(room, file / "folder") == (42, 1)


@pytest.mark.parametrize(
    "change", [("numba", "0.0"), ("llvmlite", "0.0"), ("sys", (3, 99, 0))], ids=lambda it: it[0]
)
def test_other_versions_have_another_state(room, change, monkeypatch):
    name, version = change
    before = state_of.__wrapped__(room)
    assert before == state_of.__wrapped__(room)
    attribute = "version_info" if name == "sys" else "__version__"
    monkeypatch.setattr(getattr(compiled, name), attribute, version)
    assert state_of.__wrapped__(room) != before


@pytest.mark.parametrize("usual", ["", "/usual"])
def test_it_is_kept_in_the_folder_given_else_beside_the_sources(room, usual, monkeypatch):
    monkeypatch.setattr("numba.config.CACHE_DIR", usual)
    folder = kept_folder.__wrapped__(room, "state")
    assert folder.is_relative_to(usual or room)
    assert folder.name == "state"
