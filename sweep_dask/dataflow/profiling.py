"""Where the time of a run goes: a page of Dask's, or statistics of one process."""

from __future__ import annotations

import cProfile
import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from distributed import performance_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distributed import Client

    from sweep_dask.settings import Settings
    from sweep_dask.storage.layout import OutputLayout

logger = logging.getLogger(__name__)

#: What Dask's template still has from its site: an icon.
_NETWORK_LINK = re.compile(r'<link[^>]*href="https?:[^>]*>')


@contextmanager
def profiled(settings: Settings, layout: OutputLayout, client: Client | None) -> Iterator[None]:
    """Record where the time goes: Dask's report of a cluster, Python's profile of one process."""
    if not settings.profile:
        yield
    elif client is not None:
        # Inline: a page that opens offline, and asks nobody else for scripts.
        file = layout.profile_report
        recording = performance_report(filename=file, mode="inline")
        recording.__enter__()
        try:
            yield
        finally:
            _end_profile(recording, file)
    else:
        profile = cProfile.Profile()
        with profile:
            yield
        profile.dump_stats(layout.profile_statistics)


def _end_profile(recording: performance_report, file: Path) -> None:
    try:
        recording.__exit__(None, None, None)
        file.write_text(_NETWORK_LINK.sub("", file.read_text(encoding="utf-8")), "utf-8")
    except Exception as error:  # noqa: BLE001  Dask draws it where its dashboard lives
        logger.warning("the profile could not be written: %s", error)
