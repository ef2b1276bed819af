"""The hand that changes an output folder: it puts results in place and removes its own, no others.

What is ours is known positively: it is a result by its name, and a sound manifest or receipt lists
it. Everything else - a user's file between results, a link, a folder where a file belongs - is
neither overwritten nor removed.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sweep_dask.locations import is_object
from sweep_dask.storage.layout import is_result, partition_of
from sweep_dask.storage.no_follow import (
    batches,
    in_the_way,
    is_file,
    is_plain,
    kind_at,
    kinds_of,
    move_to,
    remove_files,
)
from sweep_dask.storage.receipts import own_names, read_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout, Partition


class ResultFolder:
    """An output folder and the results in it that are ours.

    `ours`: names, paths below the output folder, that a sound manifest lists.
    `require_held`: called before anything is changed; raises if the folder is no longer this run's.
    """

    def __init__(
        self, layout: OutputLayout, ours: Iterable[str], require_held: Callable[[], None]
    ) -> None:
        self.layout = layout
        self.require_held = require_held
        self.has_changed = False
        """Whether a result was put in place or removed."""
        self.removed: set[str] = set()
        """Names of results that are gone and that nothing else took the place of."""
        self._ours: dict[Partition | None, set[str]] = defaultdict(set)
        self._add(name for name in ours if is_result(name))

    def _add(self, names: Iterable[str]) -> None:
        for name in names:
            self._ours[partition_of(name)].add(name)
            self.removed.discard(name)

    def owns(self, name: str) -> bool:
        """Whether a result of this name is ours, if it is there."""
        return name in self._ours[partition_of(name)]

    def has(self, name: str) -> bool:
        """Whether a result of this name is ours and there."""
        return self.owns(name) and is_file(self.layout.root, name)

    def is_free(self, name: str) -> bool:
        """Whether nothing, or a file of ours, stands where this result belongs.

        Raises UsageError: a link or a file stands where a folder belongs.
        """
        return self._is_free(name, kinds_of(self.layout.root, [name]))

    def _is_free(self, name: str, kind_of: Callable[[str], str | None]) -> bool:
        if self._file_above(name) is not None:
            return True
        kind = kind_of(name)
        return kind is None or (self.owns(name) and kind == "file")

    def _file_above(self, name: str) -> str | None:
        """A file of ours where a folder belongs: a table used to be one."""
        above = map(str, PurePosixPath(name).parents)
        return next((file for file in above if self.has(file)), None)

    def require_free(self, names: Iterable[str]) -> None:
        """Refuse to go on if something of somebody else stands where a result belongs.

        Raises UsageError: names the first of them.
        """
        names = list(names)
        kind_of = kinds_of(self.layout.root, names)
        for name in names:
            if not self._is_free(name, kind_of):
                raise in_the_way(self.layout.root / name)

    def place(self, staging: Path, names: Iterable[str]) -> None:
        """Move results from a folder of the same layout to where they belong, the first one first.

        Raises UsageError: something that is not ours stands there.
        """
        self.require_held()
        for batch in batches(self.layout.root, list(names)):
            self.require_free(batch)
            self._move(staging, batch)
            self._add(batch)

    def place_partition(self, staging: Path, partition: Partition, files: Collection[str]) -> None:
        """Put the results of a partition in place of earlier ones, its receipt first.

        A receipt is a proof only together with the files it lists: they are still compared by
        their digests. Being first, it says of a partition of which a killed run moved half that it
        is ours.
        """
        receipt = self.layout.relative(self.layout.receipt(*partition))
        self._own_by_receipt(partition, receipt)
        replaced = self._ours[partition] - {receipt, *files}
        below = {
            folder: [name for name in files if name.startswith(f"{folder}/")]
            for folder in self.folders_of(partition)
        }
        absent = {folder for folder in below if kind_at(self.layout.root, folder) is None}
        # All of it or nothing: a receipt in place would make the rest ours.
        for folder, names in below.items():
            self.require_free([folder] if folder in absent else names)
        for folder, names in below.items():
            if folder in absent and names and not is_object(self.layout.root):
                self.require_held()
                self._move(staging, [folder])
                self._add(names)
            else:
                self.place(staging, sorted(names, key=lambda name: (name != receipt, name)))
        self.remove(replaced)

    def _move(self, staging: Path, names: Sequence[str]) -> None:
        self.has_changed = True
        above = {file for name in names if (file := self._file_above(name)) is not None}
        if above:
            self.remove(above)
        move_to(staging, self.layout.root, names)

    def folders_of(self, partition: Partition) -> tuple[str, str]:
        """The folders of a partition's results; its receipt is in the first."""
        layout = self.layout
        return (
            layout.relative(layout.processed(*partition)),
            layout.relative(layout.outputs(*partition)),
        )

    def _own_by_receipt(self, partition: Partition, receipt: str) -> None:
        """What a run left that was killed before its manifest could list it."""
        found = read_receipt(self.layout, *partition)
        if found is not None:
            self._add([receipt, *own_names(self.layout, found)])

    def remove(self, names: Iterable[str]) -> None:
        """Remove results that are ours."""
        self.require_held()
        self.has_changed = True
        going = sorted(filter(self.owns, names))
        self.removed.update(remove_files(self.layout.root, going))
        for name in going:
            self._ours[partition_of(name)].discard(name)

    def remove_but(self, names: Collection[str]) -> None:
        """Remove all results that are ours but these."""
        ours = {name for names in self._ours.values() for name in names}
        self.remove(ours.difference(names))

    def require_plain(self, folders: Iterable[str]) -> None:
        """Refuse folders that are there and are links, or lie behind one.

        Raises UsageError: names the first of them.
        """
        if is_object(self.layout.root):  # which has no links
            return
        seen: set[str] = set()
        for folder in folders:
            if folder in seen:
                continue
            parts = folder.split("/")
            for way in ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
                if way not in seen and not is_plain(f"{self.layout.root}/{way}"):
                    raise in_the_way(self.layout.root / way)
                seen.add(way)
