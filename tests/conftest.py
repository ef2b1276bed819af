"""What tests of several folders share: a small market and its results."""

import pytest
from hypothesis import settings
from markets import plain_market
from running import run_here

# How long an example takes is the machine's affair.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def plain_input(tmp_path_factory):
    """A market without oddities: two dates, two securities; not to be changed."""
    return plain_market().write(tmp_path_factory.mktemp("plain") / "input")


@pytest.fixture(scope="session")
def plain_result(plain_input, tmp_path_factory):
    """What a run without a cluster makes of it; not to be changed."""
    folder = tmp_path_factory.mktemp("plain-result") / "output"
    return run_here(plain_input, folder, enable_parallel=False)


@pytest.fixture(scope="session")
def time_priority_result(plain_input, tmp_path_factory):
    """The same with `--model time-priority`, which takes half the time; not to be changed."""
    folder = tmp_path_factory.mktemp("time-priority-result") / "output"
    return run_here(plain_input, folder, enable_parallel=False, models="time-priority")


def pytest_addoption(parser):
    parser.addoption(
        "--every-fault", action="store_true", help="Try every fault, not a sample: takes an hour."
    )
    parser.addoption(
        "--every-python", action="store_true", help="Install on every Python: minutes for each."
    )
