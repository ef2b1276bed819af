"""What tests of several folders share: a small market and its results."""

import shutil

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
def plain_run(plain_input, tmp_path_factory):
    """What a run with these settings makes of it, without a cluster and in an empty folder.

    Each is made once; not to be changed.
    """
    made = {}

    def of(**settings):
        key = repr(sorted(settings.items()))
        if key not in made:
            folder = tmp_path_factory.mktemp("plain-run") / "output"
            made[key] = run_here(plain_input, folder, enable_parallel=False, **settings)
        return made[key]

    return of


@pytest.fixture(scope="session")
def plain_result(plain_run):
    """What a run without a cluster makes of it; not to be changed."""
    return plain_run()


@pytest.fixture(scope="session")
def time_priority_result(plain_run):
    """The same with `--model time-priority`, which takes half the time; not to be changed."""
    return plain_run(models="time-priority")


@pytest.fixture
def plain_output(plain_run, tmp_path):
    """Makes the folder `out`, in which a run with some settings has been."""
    return lambda **settings: shutil.copytree(plain_run(**settings).output, tmp_path / "out")


def pytest_addoption(parser):
    parser.addoption(
        "--every-fault", action="store_true", help="Try every fault, not a sample: takes an hour."
    )
    parser.addoption(
        "--every-python", action="store_true", help="Install on every Python: minutes for each."
    )
