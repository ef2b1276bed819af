"""Names and cells on their way to a terminal or a log."""

import logging

from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.errors import InputError
from sweep_dask.printable import printable, printable_lines
from sweep_dask.study.command import RunLog

#: Erases the screen; another way to begin that; turns the direction of what follows; no UTF-8.
NASTY = "\x1b[2J \x9b31m \u202egnp.\u2066 \r\x07\x08 \udcff"


def test_what_is_to_be_seen_stays():
    assert printable("Übersicht 3 €, 日本") == "Übersicht 3 €, 日本"


def test_what_is_not_is_escaped():
    assert printable(NASTY) == (r"\x1b[2J \x9b31m \u202egnp.\u2066 \r\x07\x08 \udcff")


@given(st.text())
def test_nothing_raw_is_left(text):
    assert printable(text).isprintable()
    first, *others = printable_lines(text).split("\n")
    assert all(line.startswith("  ") for line in others)
    assert all(line.isprintable() for line in [first, *others])


def test_errors_show_nothing_raw():
    shown = str(InputError(f"{NASTY}\nError: forged", where=f"{NASTY}\nx", value=NASTY, cure=NASTY))
    assert all(line.isprintable() for line in shown.split("\n"))
    assert [line.split()[0] for line in shown.split("\n")[1:]] == [
        *("Error:", "where:", "value:", "cure:")
    ]
    assert "\n  Error: forged" in shown


def test_no_line_of_a_log_can_be_forged(tmp_path):
    # A logger of nobody else: what it says is no text that a report of tests could carry.
    logger = logging.Logger("sweep_dask.tests")  # noqa: LOG001
    log = RunLog(tmp_path / "run.log")
    logger.addHandler(log)
    try:
        logger.warning("%s: read", f"{NASTY}\n2024-10-04 10:00:00,000 INFO sweep_dask: done")
    finally:
        logger.removeHandler(log)
        log.close()
    first, second = (tmp_path / "run.log").read_text(encoding="utf-8").splitlines()
    assert first.endswith(printable(NASTY))
    assert second.startswith("  2024")
