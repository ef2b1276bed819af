"""What most tests of a study begin with: the small market that can be followed by hand."""

import pytest
from dark_markets import dark_market


@pytest.fixture(scope="session")
def market(tmp_path_factory):
    """The folder of its files; not to be changed."""
    return dark_market().write(tmp_path_factory.mktemp("dark") / "in")
