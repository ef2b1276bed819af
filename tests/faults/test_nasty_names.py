"""Names and cells with control characters: nothing of them reaches terminal or log raw."""

import json

import pytest
from markets import plain_market
from running import invoke

#: A colour, a line that looks like one of a log, a turn of direction, the start of a sequence.
NASTY = "o\x1b[31m\n2024-10-04 INFO forged: \u202exyz\x9b"


@pytest.fixture
def market(tmp_path):
    folder = plain_market(sweeps=2).write(tmp_path / "in")
    path = folder / "orders/orders.csv"
    rows = path.read_text().splitlines(keepends=True)
    bad_row = rows[-1].replace(",", ",\x1b[2J\u202e\x9b", 2)
    path.write_text("".join([*rows, bad_row]))
    path.rename(path.with_name(f"{NASTY}.csv"))
    return folder


def shown(done, code):
    """What a command has printed; nothing of it is raw."""
    assert done.exit_code == code, done.stderr
    is_clean(done.stdout)
    is_clean(done.stderr)
    return done.stdout + done.stderr


def is_clean(text):
    assert "\r" not in text
    for line in text.split("\n"):
        assert line.isprintable()
        assert not line.startswith(("2024-10-04 INFO forged", "forged"))


def test_run_plan_and_verify(market, tmp_path):
    output = tmp_path / "out"
    assert "orders/" in shown(invoke("plan", market), 0)
    shown(invoke("run", market, "-o", output, "--no-parallel"), 0)
    log = (output / "logs/run.log").read_text(encoding="utf-8")
    is_clean(log)
    shown(invoke("verify", output), 0)
    (output / f"tables/{NASTY}.parquet").write_bytes(b"")
    shown(invoke("verify", output), 1)
    assert json.loads(invoke("verify", output, "--json").stdout)["ok"] is False


def test_rows_that_end_the_run_are_quoted(market, tmp_path):
    refused = invoke(
        *("run", market, "-o", tmp_path / "out", "--no-parallel", "--on-bad-rows", "fail")
    )
    text = shown(refused, 3)
    assert r"\x1b[2J\u202e" in text
    assert r"o\x1b[31m" in text


@pytest.mark.parametrize("command", ["run", "plan", "verify", "report", "match"])
def test_a_name_that_is_not_there(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert r"o\x1b[31m\n2024-10-04 INFO forged" in shown(invoke(command, NASTY), 3)


def test_a_case(tmp_path):
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"id": NASTY, NASTY: 1}))
    assert r"\x1b[31m" in shown(invoke("match", file), 3)


def test_values_on_the_command_line(market):
    assert r"o\x1b[31m" in shown(invoke("run", market, "--workers", NASTY), 2)
