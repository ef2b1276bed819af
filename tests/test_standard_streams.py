"""Standard streams that are closed, full, or cannot hold every character."""

import subprocess
import sys

import pytest
from running import PATIENCE_SECONDS, program_environment, result_files


def shell(redirection, *arguments, cwd, **variables):
    """The program with its streams as a shell redirects them."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "sweep_dask"]
        + [str(argument) for argument in arguments],
        cwd=cwd,
        env=program_environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_closed_streams_do_not_become_result_files(plain_input, plain_result, tmp_path):
    """The next file that is opened gets the number of a closed stream, and so what is printed."""
    run = ("run", plain_input, "-o", "out", "--no-parallel")
    done = shell("<&- >&- 2>&-", *run, cwd=tmp_path)
    assert done.returncode == 0
    assert result_files(tmp_path / "out") == result_files(plain_result.output)
    verified = shell("", "verify", "out", cwd=tmp_path)
    assert verified.returncode == 0, verified.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("config", "--help"), ("config", "--json")])
def test_standard_output_on_a_full_disk(arguments, tmp_path):
    done = shell("> /dev/full", *arguments, cwd=tmp_path)
    assert done.returncode == 4
    assert "No space left on device" in done.stderr
    assert "Standard output cannot be written" in done.stderr
    assert "Make room" in done.stderr
    assert "partitions" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_a_full_disk_for_messages_alone_changes_nothing(tmp_path):
    done = shell("2> /dev/full", "config", cwd=tmp_path, SWEEP_WORKERS="several")
    assert done.returncode == 0
    assert "output" in done.stdout


def test_characters_that_the_terminal_lacks_are_escaped(tmp_path):
    done = shell("", "config", "-o", "日本", cwd=tmp_path, PYTHONIOENCODING="latin-1")
    assert done.returncode == 0, done.stderr
    assert r"\u65e5\u672c" in done.stdout
