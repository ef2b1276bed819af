"""Lines of the log as JSON objects, which programs read."""

import json
import logging
import sys

import pytest
from running import run_program

from sweep_dask.printable import JsonLines


def record_of(**fields):
    return logging.makeLogRecord({"name": "sweep_dask.x", "levelname": "INFO", **fields})


def test_a_record_is_an_object_on_one_line():
    line = JsonLines().format(
        record_of(created=1_725_500_000.5, msg="%s\nread", args=("\x1bé",), seconds=1.5, own=1)
    )
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2024-09-05T01:33:20.500+00:00",
        "level": "info",
        "logger": "sweep_dask.x",
        "message": "\x1bé\nread",
        "seconds": 1.5,
    }


def test_a_traceback_is_a_member():
    try:
        int("odd")
    except ValueError:
        line = JsonLines().format(record_of(msg="failed", exc_info=sys.exc_info()))
    assert json.loads(line)["traceback"].endswith("base 10: 'odd'")


def read_lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.slow
def test_log_and_standard_error_of_a_run_are_objects(plain_input, tmp_path):
    given = ("run", plain_input, "-o", "output", "--no-parallel", "--log-format", "json")
    done = run_program(*given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told, log = read_lines(done.stderr), read_lines((tmp_path / "output/logs/run.log").read_text())
    for lines in (told, log):
        stages = {line["stage"]: line["outcome"] for line in lines if "stage" in line}
        assert stages["run partitions"] == "4 partitions"


def test_warnings_and_errors_before_a_run_are_objects(tmp_path):
    (tmp_path / "config.yaml").write_text("logging: {format: json}\n")
    done = run_program("run", "nowhere", "--workers", "0", cwd=tmp_path)
    assert done.returncode == 3
    warning, *told, error = read_lines(done.stderr)
    assert (warning["level"], error["level"]) == ("warning", "error")
    assert {line["level"] for line in told} <= {"info"}
    assert (error["exit_code"], error["where"]) == (3, "nowhere")
