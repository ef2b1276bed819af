"""What the tests of the settings share."""

from __future__ import annotations

import pytest

from sweep_dask.errors import UsageError
from sweep_dask.settings import Settings, load_settings


@pytest.fixture
def load(tmp_path):
    """Load settings from a command line, an environment and the text of a config.yaml."""

    def load(file: str | None = None, environment=None, **command_line) -> Settings:
        if file is not None:
            (tmp_path / "config.yaml").write_text(file, encoding="utf-8")
        return load_settings(command_line, environment or {}, tmp_path)

    return load


@pytest.fixture
def usage_error(load):
    """Load settings that cannot be loaded, and return the error."""

    def usage_error(**given) -> UsageError:
        with pytest.raises(UsageError) as caught:
            load(**given)
        assert caught.value.exit_code == 2
        return caught.value

    return usage_error
