"""Compiled code is kept, carried and compiled once, and never found for other sources."""

import ast
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sweep_dask import compiled
from sweep_dask.compiled import kept_folder, state_of

PACKAGE = Path(compiled.__file__).parent
ROOT = PACKAGE.parent

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


DAMAGE = (lambda code: code[:-1], lambda code: b"", lambda code: b"?" + code)


def test_damaged_code_that_is_carried_is_compiled_again(room, tmp_path, carried):
    (path,) = carried.rglob("*.code")
    whole = path.read_bytes()
    for number, damage in enumerate(DAMAGE):
        path.write_bytes(damage(whole))
        cache = tmp_path / f"cache-{number}"
        assert use(room, cache, carried) == (42, 1)
        assert use(room, cache, carried) == (42, 0)


def test_damaged_code_that_is_kept_is_compiled_again(room, cache):
    use(room, cache)
    (path,) = cache.rglob("*.code")
    for damage in DAMAGE:
        path.write_bytes(damage(path.read_bytes()))
        assert use(room, cache) == (42, 1)
        assert use(room, cache) == (42, 0)


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


def compiled_names(source):
    """Names that functions that are compiled use."""
    functions = [node for node in ast.walk(source) if isinstance(node, ast.FunctionDef)]
    decorators = {"kernel", "entry", "allocating_entry", "folded"}
    return {
        node.id
        for function in functions
        if decorators & {getattr(decorator, "id", "") for decorator in function.decorator_list}
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
    }


def constants_of_others(path):
    """Files of this package that constants of compiled functions come from, but for rooms of
    which all sources count."""
    source = ast.parse(path.read_text())
    names = compiled_names(source)
    imports = [node for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
    for node in imports:
        for name in node.names:
            if node.module.startswith("sweep_dask.") and (name.asname or name.name) in names:
                file = ROOT / node.module.replace(".", "/")
                file = file / f"{name.name}.py" if file.is_dir() else file.with_suffix(".py")
                if file.parent not in {path.parent, PACKAGE / "market", PACKAGE / "matching"}:
                    yield file.relative_to(PACKAGE).as_posix()


def test_whatever_is_compiled_in_belongs_to_the_state(tmp_path, monkeypatch):
    found = {name for path in PACKAGE.rglob("*.py") for name in constants_of_others(path)}
    assert {"schema.py", "terms/sides.py", "terms/deal_sources.py"} <= found
    monkeypatch.setattr(compiled, "_HERE", tmp_path)
    for name in found:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PACKAGE / name, tmp_path / name)
    for name in found:
        before = state_of.__wrapped__(PACKAGE / "storage")
        (tmp_path / name).write_text("SELL = 3")
        assert state_of.__wrapped__(PACKAGE / "storage") != before, name


def test_states_that_nobody_has_used_for_long_are_removed(room, cache):
    use(room, cache)
    (state,) = cache.iterdir()
    others = ("room-0123456789abcdef", "room-fedcba9876543210", "hall-0123456789abcdef", "room-x")
    unused, lately, other_room, other_folder = (cache / name for name in others)
    for folder in (unused, lately, other_room, other_folder):
        shutil.copytree(state, folder)
    for folder in (unused, other_room, other_folder, state):
        os.utime(folder, (0, 0))
    use(room, cache)  # nothing is kept anew
    assert unused.exists()
    shutil.rmtree(state / "kernels.doubled")
    use(room, cache)
    assert {*cache.iterdir()} == {state, lately, other_room, other_folder}
    os.utime(state, (0, 0))
    use(room, cache)
    assert state.stat().st_mtime > 0


@pytest.mark.parametrize("usual", ["", "/usual"])
def test_it_is_kept_in_the_folder_given_else_beside_the_sources(room, usual, monkeypatch):
    monkeypatch.setattr("numba.config.CACHE_DIR", usual)
    folder = kept_folder.__wrapped__(room, "state")
    assert folder.is_relative_to(usual or room)
    assert folder.name == "state"
