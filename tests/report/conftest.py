"""A page that many tests read and none changes."""

import pytest
from drawn_market import drawn_market
from report_folders import write_page
from rollup_folders import make_answer_folder


@pytest.fixture(scope="session")
def market():
    """Line -> sweeps of three days and four securities."""
    return drawn_market(300)


@pytest.fixture(scope="session")
def answer_folder(market, tmp_path_factory):
    """Layout and manifest of a run of every arm; not to be changed."""
    return make_answer_folder(tmp_path_factory.mktemp("answer") / "out", market)


@pytest.fixture(scope="session")
def page(answer_folder):
    return write_page(*answer_folder)
