"""Raw files are parsed once: a later run starts from `processed/` if all of it is of its input.

Whatever it starts from, it leaves the bytes that a run into an empty folder leaves.
"""

import shutil

import pyarrow.parquet as pq
import pytest
from dark_markets import AUCTION_TRADE, dark_market
from faults.deaths import dies
from markets import BUY, COLUMNS, FIRST_ID, LIT, OPENING_NS, SECOND, SELL, write_rows
from running import invoke, result_files, run_here

from sweep_dask.analysis.centre_point.choices import Choices
from sweep_dask.errors import InputError
from sweep_dask.settings import OPTIONS, load_settings
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.processed import INGEST_SETTINGS
from sweep_dask.study import reading
from sweep_dask.study import run as running_run
from sweep_dask.study.replay import replay
from sweep_dask.study.verify import verify_output

A, B = tuple(OPENING_NS)
EVENING_SECONDS = 11 * 3600

#: What an early run is told here.
FIRST = {"models": "time-priority"}


def odd_market(dates=(A, B)):
    """Of each kind of row something: repeats, lit and rejected rows, blanks, an evening, dates."""
    market = dark_market(dates=dates)
    orders = market.rows["orders"]
    # On the last date an auction trade of an order that is not in the input opens the market.
    last_ns = OPENING_NS[dates[-1]]
    market.rows["session"] = [
        r for r in market.rows["session"] if r["Timestamp"] < last_ns - SECOND
    ]
    for security in (101, 102):
        market.trade(FIRST_ID - 1, last_ns - SECOND, security, BUY, 7, 1005,
                     dealsource=AUCTION_TRADE)  # fmt: skip
    orders += [dict(orders[0]), dict(orders[-1])]
    market.order(FIRST_ID - 2, last_ns, 101, BUY, 10, exchangeordertype=LIT)
    market.order(FIRST_ID - 3, last_ns, 101, SELL, 10, national_bid=None, midtick=None)
    market.order("none", last_ns, 101, BUY, 10)
    market.order(FIRST_ID - 4, OPENING_NS[dates[0]] + EVENING_SECONDS * SECOND, 101, BUY, 5)
    market.rows["nbbo"] = [row for row in market.rows["nbbo"] if row["orderbookid"] != 102]
    for date in dates:
        market.add("reference", TradeDate=OPENING_NS[date], Id=101, Name="A one")
    market.add("participants", TradeDate=OPENING_NS[dates[0]], ParticipantName="One")
    return market


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Not to be changed."""
    return odd_market().write(tmp_path_factory.mktemp("odd") / "input")


@pytest.fixture(scope="module")
def first(source, tmp_path_factory):
    """What the first run leaves; not to be changed."""
    return run(source, tmp_path_factory.mktemp("first") / "out", **FIRST)


@pytest.fixture(scope="module")
def fresh(source, tmp_path_factory):
    """What a run with some settings leaves in an empty folder, each made once."""
    made = {}

    def of(**settings):
        key = repr(sorted(settings.items()))
        if key not in made:
            made[key] = run(source, tmp_path_factory.mktemp("fresh") / "out", **settings)
        return made[key]

    return of


@pytest.fixture
def output(first, tmp_path):
    """A folder in which the first run has been."""
    return shutil.copytree(first.output, tmp_path / "out")


@pytest.fixture
def empty(tmp_path):
    """A folder in which there has been no run."""
    return tmp_path / "empty"


@pytest.fixture
def reads(monkeypatch):
    """A mark for each time that raw files are parsed."""
    marks, really = [], reading.ingest

    def marked(*arguments):
        marks.append("parsed")
        return really(*arguments)

    monkeypatch.setattr(reading, "ingest", marked)
    return marks


def run(folder, output, **settings):
    given = {"enable_parallel": False, "max_bad_fraction": 0.5} | settings
    return run_here(folder, output, **given)


def findings(output):
    return verify_output(OutputLayout(output))[1]


def told(result):
    """What a manifest says that does not depend on when, where and how often a run was done."""
    manifest = result.manifest
    names = ("status", "inputs", "ledger", "checks", "counts", "scenarios", "left_out", "pieces")
    partitions = [
        {name: p[name] for name in ("date", "security", "fingerprint", "counts", "gaps", "covered")}
        for p in manifest["partitions"]
    ]
    aside = ("logs/", "report.html")
    files = {n: digest for n, digest in manifest["files"].items() if not n.startswith(aside)}
    ingested = manifest["ingest"]["files"]
    return {n: manifest[n] for n in names} | {
        "partitions": partitions, "files": files, "ingested": ingested
    }  # fmt: skip


ANOTHER_MODEL = {"models": "centre-point", "scenarios": "as-entered"}
LATER = {
    "another model": ANOTHER_MODEL,
    "all models": {},
    "a scenario": FIRST | {"models": ("time-priority", "centre-point"), "scenarios": "dual-post"},
    "another lifetime": FIRST | {"lifetime": "clock:30s"},
    "another form of the tables": FIRST | {"csv_safe_text": True},
    "the same": FIRST,
    "the same, cut otherwise": FIRST | {"blocksize": 500},
}


@pytest.mark.parametrize("later", LATER)
def test_a_run_that_starts_from_rows_leaves_what_a_fresh_one_leaves(
    source, first, output, fresh, reads, later
):
    wanted = fresh(**LATER[later])
    reads.clear()
    result = run(source, output, **LATER[later])
    assert reads == []
    assert result.manifest["ingest"]["run"] == first.manifest["run"] != result.manifest["run"]
    assert result_files(output) == result_files(wanted.output)
    assert told(result) == told(wanted)
    assert findings(output) == []
    # And so does one that starts from what that one took over.
    again = run(source, output, **FIRST)
    assert reads == []
    assert told(again) == told(first)


def test_on_a_cluster_as_without(source, output, fresh, reads):
    result = run(source, output, enable_parallel=True, workers=2, **ANOTHER_MODEL)
    assert reads == []
    assert told(result) == told(fresh(**ANOTHER_MODEL))


def test_the_input_may_lie_elsewhere(tmp_path, output, fresh, reads):
    result = run(odd_market().write(tmp_path / "moved"), output, **ANOTHER_MODEL)
    assert reads == []
    assert told(result) == told(fresh(**ANOTHER_MODEL))
    assert findings(output) == []


def test_terminal_and_report_say_who_has_read_the_files(source, first, output):
    done = invoke(
        *("run", source, "--output", output, "--no-parallel", "--max-bad-fraction", 0.5),
        *("--model", "centre-point", "--scenario", "as-entered"),
    )
    started = first.manifest["started"]
    line = next(line for line in done.stderr.splitlines() if "[1/11] extract orders" in line)
    assert "kept: 46 rows read by an earlier run" in line
    assert f"by the run begun {started}; the files are unchanged" in " ".join(done.stdout.split())
    assert f"as the run begun {started} has read them" in (output / "report.html").read_text()
    assert "by an earlier run" not in (first.output / "report.html").read_text()


# --- what makes a run read its input ------------------------------------------------------------


def other_rows(source):
    """One digit of one row: neither the names nor the sizes of files tell."""
    path = source / "orders/orders.csv"
    body = path.read_bytes()
    changed = body.replace(b",150,", b",140,", 1)
    assert len(changed) == len(body)
    assert changed != body
    path.write_bytes(changed)


def another_day(source):
    market = odd_market((B,))
    write_rows(source / "orders/more.csv", market.rows["orders"][:2], COLUMNS["orders"])


def no_sessions(source):
    (source / "session/session.csv").unlink()


@pytest.mark.parametrize("change", [other_rows, another_day, no_sessions])
def test_an_input_that_is_not_the_same_is_read_again(tmp_path, output, empty, reads, change):
    source = odd_market().write(tmp_path / "in")
    change(source)
    result = run(source, output, **FIRST)
    assert reads == ["parsed"]
    assert result.manifest["ingest"]["run"] == result.manifest["run"]
    assert told(result) == told(run(source, empty, **FIRST))
    assert findings(output) == []


SETTINGS = {
    "other dates": {"dates": A},
    "other securities": {"securities": (101,)},
    "another trading day": {"trading_day": "calendar"},
    "files left out": {"ignore": "nbbo/*"},
    "other ticks": {"ticks": ((0, 5),)},
    "a fresh run": {"fresh": True},
}


@pytest.mark.parametrize("settings", SETTINGS)
def test_an_input_that_is_to_be_read_otherwise_is_read_again(source, output, reads, settings):
    result = run(source, output, **FIRST, **SETTINGS[settings])
    assert reads == ["parsed"]
    assert result.manifest["ingest"]["run"] == result.manifest["run"]
    assert findings(output) == []


def test_settings_that_decide_on_rows_are_known():
    """Each of the others decides on what is done with rows, or on how, or is validated anew."""
    others = {
        *("output", "scratch", "config", "workers", "chunk_size", "blocksize", "memory_limit"),
        *("enable_parallel", "memory_limit_gb", "progress", "monitoring", "profile", "scheduler"),
        *("log_format", "convert_values"),
        *("scheduler_file", "tls_ca_file", "tls_cert", "tls_key", "plain_tcp"),
        *("wait_for_workers", "worker_wait_seconds", "dashboard_address"),
        *("models", "scenarios", "preferencing"),
        "replay",
        *("block_min_value", "rules_off", "csv_safe_text", "fresh", "dark_fee_bps", "lit_fee_bps"),
        *("on_bad_rows", "max_bad_fraction", "on_contradiction", "quote_source", *Choices._fields),
    }
    assert {option.name for option in OPTIONS} == {*INGEST_SETTINGS, *others}


def flipped(body):
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def halved(body):
    return body[: len(body) // 2]


ROWS = f"processed/{A}/101/cp_orders_filtered.parquet"
DAMAGE = {
    "a byte of the rows": (ROWS, flipped),
    "half of the rows": (ROWS, halved),
    "no rows": (ROWS, None),
    "no trades": (f"processed/{B}/102/cp_trades_matched.parquet", None),
    "a byte of a receipt": (f"processed/{B}/101/receipt.json", flipped),
    "a byte of the session rows": (f"processed/{A}/session.parquet", flipped),
    "no participants": (f"processed/{B}/participants.parquet", None),
    "a byte of the rejected rows": ("rejects/orders.parquet", flipped),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_rows_that_are_not_whole_are_read_again(source, output, fresh, reads, damage):
    wanted = fresh(**FIRST)
    reads.clear()
    name, change = DAMAGE[damage]
    body = (output / name).read_bytes()
    (output / name).unlink()
    if change is not None:
        (output / name).write_bytes(change(body))
    result = run(source, output, **FIRST)
    assert reads == ["parsed"]
    assert told(result) == told(wanted)
    assert result_files(output) == result_files(wanted.output)
    assert findings(output) == []


def test_rows_of_another_version_are_not_taken(source, empty, reads, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("sweep_dask.study.document.VERSION", "0.1.9")
        run(source, empty, **FIRST)
    run(source, empty, **FIRST)
    assert len(reads) == 2


# --- what earlier runs did not finish -----------------------------------------------------------


def interrupt(monkeypatch, source, output, **settings):
    """A run that is interrupted when the partitions of its first task are there."""
    really = running_run._place_partition

    def placed(*arguments):
        really(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running_run, "_place_partition", placed)
        assert run(source, output, **settings).exit_code == 130


def test_an_interrupted_run_leaves_rows_of_some_partitions(
    source, empty, first, reads, monkeypatch
):
    interrupt(monkeypatch, source, empty, **FIRST)
    result = run(source, empty, **FIRST)
    assert len(reads) == 2
    assert (
        sorted(p["state"] for p in result.manifest["partitions"]) == ["computed"] * 2 + ["kept"] * 2
    )
    assert told(result) == told(first)


def test_one_that_started_from_rows_leaves_them_all(source, output, fresh, reads, monkeypatch):
    wanted = fresh(**ANOTHER_MODEL)
    reads.clear()
    interrupt(monkeypatch, source, output, **ANOTHER_MODEL)
    result = run(source, output, **ANOTHER_MODEL)
    assert reads == []
    assert (
        sorted(p["state"] for p in result.manifest["partitions"]) == ["computed"] * 2 + ["kept"] * 2
    )
    assert told(result) == told(wanted)
    assert findings(output) == []


POINTS = [
    ("a partition is placed", 3),
    ("a file or folder is moved", 3),
    ("a manifest is written", 2),
    ("the report is placed", 1),
]


@pytest.mark.parametrize(("point", "call"), POINTS)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_killed_run_is_no_reason_to_guess(source, output, empty, fresh, point, call, is_first):
    folder, settings = (empty, FIRST) if is_first else (output, ANOTHER_MODEL)
    assert dies(lambda: run(source, folder, **settings), point, call)
    result = run(source, folder, **settings)
    assert told(result) == told(fresh(**settings))
    assert findings(folder) == []


def test_rows_of_failed_partitions_are_read_again(source, empty, first, reads, monkeypatch):
    def fail(*_):
        raise ArithmeticError("no luck")

    with monkeypatch.context() as patch:
        patch.setattr("sweep_dask.partition.run.simulate_partition", fail)
        run(source, empty, **FIRST)
    result = run(source, empty, **FIRST)
    assert len(reads) == 2
    assert told(result) == told(first)


def test_rows_that_are_forgotten_are_read_again(source, output, first, reads):
    assert invoke("forget", output, "--dates", A).exit_code == 0
    result = run(source, output, **FIRST)
    assert reads == ["parsed"]
    assert told(result) == told(first)


def test_a_day_that_another_run_has_added_does_not_stand_in_the_way(source, empty, reads):
    for settings in (FIRST, ANOTHER_MODEL):
        for date in (A, B):
            result = run(source, empty, dates=date, **settings)
    assert len(reads) == 2
    assert [p["covered"] for p in result.manifest["partitions"]] == [True] * 4
    assert findings(empty) == []


def test_rows_that_another_run_took_over_are_read_again(source, output, first, reads):
    run(source, output, securities=(101,), **FIRST)
    result = run(source, output, **FIRST)
    assert len(reads) == 2
    assert told(result) == told(first)


def test_a_replay_reads_trades_that_runs_do_not_keep(source, output, tmp_path, reads):
    given = {"output": str(output), "enable_parallel": False, "progress": False}
    settings = load_settings(given | {"max_bad_fraction": "0.5"}, {}, tmp_path)
    for _ in range(2):
        replay(settings, str(source))
    assert len(reads) == 2


# --- what is validated anew ---------------------------------------------------------------------


def test_rejected_rows_are_validated_by_the_settings_of_the_run(source, output, empty, reads):
    before = result_files(output)
    with pytest.raises(InputError, match="1 of 46 orders rows cannot be read") as now:
        run(source, output, on_bad_rows="fail", **FIRST)
    assert reads == []
    assert result_files(output) == before
    assert findings(output) == []
    with pytest.raises(InputError) as afresh:
        run(source, empty, on_bad_rows="fail", **FIRST)
    assert now.value.what == afresh.value.what


def test_rows_that_change_while_a_run_is_at_work_fail_their_partition(source, output, monkeypatch):
    def look(_, files):
        if ROWS in files:
            rows = pq.read_table(output / ROWS, partitioning=None)
            pq.write_table(rows.slice(1), output / ROWS)
        return True

    with monkeypatch.context() as patch:
        patch.setattr(reading, "can_be_kept", look)
        result = run(source, output, **ANOTHER_MODEL)
    failed = [p for p in result.manifest["partitions"] if p["state"] == "failed"]
    assert [(p["date"], p["security"]) for p in failed] == [(A, 101)]
    assert "Rows of an earlier run were changed" in failed[0]["reason"]


def test_an_input_that_changes_meanwhile_ends_the_run(tmp_path, output, monkeypatch):
    source = odd_market().write(tmp_path / "in")
    really = reading._are_there

    def changing(*arguments):
        (source / "trades/trades.csv").write_text("gone")
        return really(*arguments)

    monkeypatch.setattr(reading, "_are_there", changing)
    with pytest.raises(InputError, match=r"trades\.csv"):
        run(source, output, **FIRST)
