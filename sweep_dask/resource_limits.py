"""One question to several sources: how many CPUs, how much memory? The smallest answer wins.

Control groups answer for containers above all. They nest, and a limit on any level binds all below
it, so every level of every group this process is in is looked at. Layouts: proc(5), cgroups(7), the
kernel's cgroup-v1 and cgroup-v2 pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class DetectionError(Exception):
    """A source that is there and cannot be read or understood."""


Reading = tuple[float | None, str | None]
"""What a source answers, None for "no limit" or "not here"; and the control group it is from."""


@dataclass(frozen=True)
class Candidate:
    """One source that was asked for the number of CPUs or for the available memory."""

    name: str
    value: float | None
    """CPUs or bytes; None: the source sets no limit, does not exist here, or failed."""
    winner: bool = False
    """Whether this is the smallest value of all candidates (the first of equals)."""
    where: str | None = None
    """The control group that sets the limit."""


def ask(sources: Mapping[str, Callable[[], Reading]]) -> tuple[tuple[Candidate, ...], list[str]]:
    """The answer of every source, in their order, and what went wrong with those that failed."""
    readings: dict[str, Reading] = {}
    failures: list[str] = []
    for name, read in sources.items():
        try:
            readings[name] = read()
        except DetectionError as error:
            failures.append(f"{name}: {error}")
            readings[name] = (None, None)
    known = {name: value for name, (value, _) in readings.items() if value is not None}
    winner = min(known, key=lambda name: known[name], default=None)
    candidates = (
        Candidate(name, value, name == winner, where) for name, (value, where) in readings.items()
    )
    return tuple(candidates), failures


def smallest(candidates: Iterable[Candidate], default: int) -> float:
    """The value of the winner; `default` if there is none."""
    return min((found.value for found in candidates if found.value is not None), default=default)


def listed(candidates: Iterable[Candidate], show: Callable[[float], str]) -> str:
    """All candidates in one line, their values as `show` writes them."""
    return ", ".join(
        f"{candidate.name} {'none' if candidate.value is None else show(candidate.value)}"
        for candidate in candidates
    )


#: From here on a v1 limit means "none": the kernel writes the greatest page-aligned int64.
_NO_LIMIT = 2**62

#: The controllers that matter; v2 has one hierarchy for all, written as an empty name.
_UNIFIED = ""
_CONTROLLERS = {_UNIFIED, "cpu", "memory"}


def cpu_quota(root: Path) -> Reading:
    """CPUs this process may use, and the group that says so; `root` holds `proc` and `sys`: `/`.

    Raises
    ------
    DetectionError
        A file is there and cannot be read or understood.
    """
    return _tightest(_quota_of_group, root)


def memory_left(root: Path) -> Reading:
    """Bytes this process may still take, and the group that says so; see `cpu_quota`."""
    return _tightest(_memory_left_to_group, root)


def _tightest(read: Callable[[Path], float | None], root: Path) -> Reading:
    """The smallest value over every level of every group this process is in."""
    found = [(value, str(group)) for group in _groups(root) if (value := read(group)) is not None]
    return min(found, default=(None, None))


def _quota_of_group(group: Path) -> float | None:
    """CPUs a group may use: quota over period, in microseconds. v2 has both in `cpu.max`."""
    numbers = _numbers(group / "cpu.max") or (
        _numbers(group / "cpu.cfs_quota_us") + _numbers(group / "cpu.cfs_period_us")
    )
    match numbers:
        case [int(quota), int(period)] if period > 0:
            return quota / period
    return None


def _memory_left_to_group(group: Path) -> int | None:
    """Bytes a group may still take.

    Above `memory.high` a group is slowed to a halt instead of killed, so it counts as a limit.
    File cache that has not been used lately is given back before anything is killed, so it does
    not count as usage (as in `docker stats` and the working set of Kubernetes).
    """
    limits = [
        limit
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes")
        for limit in _numbers(group / name)
        if limit is not None
    ]
    if not limits:
        return None
    used = _numbers(group / "memory.current") or _numbers(group / "memory.usage_in_bytes") or [0]
    needed_bytes = max(0, (used[0] or 0) - _reclaimable_bytes(group))
    return max(0, min(limits) - needed_bytes)


def _reclaimable_bytes(group: Path) -> int:
    """Inactive file cache; v1 has the sum over the groups below under a name of its own."""
    text = _read(group / "memory.stat") or ""
    fields: dict[str, str] = dict(re.findall(r"^(\w+) (\d+)$", text, flags=re.MULTILINE))
    if text and "inactive_file" not in fields:
        raise DetectionError(f"{group / 'memory.stat'} has no inactive_file")
    return int(fields.get("total_inactive_file", fields.get("inactive_file", 0)))


@dataclass(frozen=True)
class _Mount:
    """A control group hierarchy, or the part of one below `root`, mounted at `point`."""

    controllers: frozenset[str]
    root: PurePosixPath
    point: Path


def _groups(root: Path) -> Iterator[Path]:
    """Folders of every group this process is in, each followed by its parents."""
    mounts = _mounts(root)
    for controllers, path in _memberships(root):
        hierarchy = [mount for mount in mounts if mount.controllers & controllers]
        holding = [mount for mount in hierarchy if path.is_relative_to(mount.root)]
        # A namespace can hide where the group lies below the mount; its top is what is left.
        for mount in holding or hierarchy[:1]:
            inside = path.relative_to(mount.root) if holding else PurePosixPath()
            yield from _upwards(mount.point, inside)


def _upwards(top: Path, inside: PurePosixPath) -> Iterator[Path]:
    if ".." in inside.parts:  # the group lies outside the namespace of this process
        inside = PurePosixPath()
    for level in (inside, *inside.parents):
        yield top / level
        if level == PurePosixPath():
            return


def _memberships(root: Path) -> list[tuple[frozenset[str], PurePosixPath]]:
    """Lines of `/proc/self/cgroup`: `4:cpu,cpuacct:/a/b` in v1, `0::/a/b` in v2."""
    file = root / "proc/self/cgroup"
    found = []
    for line in (_read(file) or "").splitlines():
        parts = line.split(":", 2)
        if len(parts) != 3:
            raise DetectionError(f"{file} has the line {line!r}")
        controllers = frozenset(parts[1].split(",")) & _CONTROLLERS
        if controllers:
            found.append((controllers, PurePosixPath(parts[2])))
    return found


def _mounts(root: Path) -> list[_Mount]:
    """Lines of `/proc/self/mountinfo` whose file system is cgroup or cgroup2.

    `31 23 0:28 /root /mount/point options tags - cgroup source rw,cpu,cpuacct`
    """
    file = root / "proc/self/mountinfo"
    found = []
    for line in (_read(file) or "").splitlines():
        mount, separator, system = line.partition(" - ")
        places, kinds = mount.split(" "), system.split(" ")
        if not separator or len(places) < 6 or len(kinds) < 3:
            raise DetectionError(f"{file} has the line {line!r}")
        if kinds[0] in {"cgroup", "cgroup2"}:
            names = {_UNIFIED} if kinds[0] == "cgroup2" else set(kinds[2].split(","))
            point = root / _unescaped(places[4]).lstrip("/")
            found.append(_Mount(frozenset(names), PurePosixPath(_unescaped(places[3])), point))
    return found


def _unescaped(text: str) -> str:
    """A path of mountinfo, where blanks and the like are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)


def _numbers(file: Path) -> list[int | None]:
    """The numbers in a file, None for "no limit"; an empty list if there is no such file."""
    numbers: list[int | None] = []
    for word in (_read(file) or "").split():
        try:
            number = _NO_LIMIT if word == "max" else int(word)
        except ValueError as error:
            raise DetectionError(f"{file} has {word!r} where a number should be") from error
        numbers.append(number if 0 <= number < _NO_LIMIT else None)
    return numbers


def _read(file: Path) -> str | None:
    """The text of a file; None if it does not exist, which is no failure."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DetectionError(f"{file} cannot be read: {error.strerror or error}") from error
