"""The command line: what is printed where, exit codes, and one program under three names."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from running import invoke, program_environment, result_files, run_program

from sweep_dask.cli import main
from sweep_dask.dataflow.remote_workers import RemoteWorker, RemoteWorkers
from sweep_dask.settings import Settings, load_settings
from sweep_dask.study.plan import sized
from sweep_dask.version import VERSION

COMMANDS = sorted(main.commands)
STAGES = [
    "extract orders",
    "extract trades",
    "aggregate trades",
    "extract NBBO",
    "extract reference data",
    "order states",
    "execution times",
    "simulate sweep matching",
    "simulated metrics",
    "classify order groups",
    "compare real with simulated",
]
SUMMARY = (
    "Status Partitions Sweeps Matches Rows-read Rows-kept Rows-filtered Rows-rejected Time "
    "Peak-memory Report Tables"
)


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """A working folder of its own and no settings of the machine the tests run on."""
    monkeypatch.chdir(tmp_path)
    for name in ("SWEEP_WORKERS", "SWEEP_OUTPUT", "SWEEP_SCHEDULER", "DASK_SCHEDULER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


def only_document(done):
    """The one JSON document on standard output."""
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def finished(plain_input, tmp_path_factory):
    """A whole run as a process of its own, with a cluster and its output in pipes."""
    folder = tmp_path_factory.mktemp("finished")
    return run_program("run", plain_input, "-o", "out", "--workers", "1", cwd=folder), folder


# --- help ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    done = invoke(command, "--help")
    assert done.exit_code == 0
    assert f"Example:  python -m sweep_dask {command}" in done.output
    assert "-h, --help" in done.output


def test_help_of_the_program_lists_all_commands():
    done = invoke("--help")
    assert "Example:" in done.output
    assert all(re.search(rf"^  {command} ", done.output, re.MULTILINE) for command in COMMANDS)


def test_no_command_is_cut_short_at_eighty_columns():
    """The list has 65 columns beside the longest name; what does not fit would end in `...`."""
    for name, command in main.commands.items():
        assert command.get_short_help_str(65).endswith("."), name
        assert not command.get_short_help_str(65).endswith("..."), name


def test_hints_name_the_program_as_it_was_typed(tmp_path):
    called = "import sys; sys.argv[0] = '/bin/sweep-dask'; from sweep_dask.cli import main; main()"
    words = ("synth", "my market", "--securities", "1", "--events", "100", "--dates", "2024-10-04")
    done = run_program(*words, cwd=tmp_path, program=("-c", called))
    assert done.stdout.splitlines()[-1] == "Written to my market. Next: sweep-dask run 'my market'"


def test_version():
    assert VERSION in invoke("--version").output


# --- run ----------------------------------------------------------------------------------------


def test_run_prints_dashboard_then_block_then_summary(finished):
    done, folder = finished
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"Dashboard: http://127\.0\.0\.1:\d+/status", lines[0])
    assert lines.pop(1) == f"This run:  {lines[0].split()[1].replace('/status', '/sweep')}"
    assert lines[1] == "System Configuration"
    labels = [line.split(":")[0].strip() for line in lines[2:9]]
    assert labels == [
        "CPU Cores",
        "Workers",
        "Available Memory",
        "Chunk Size",
        "Parallel Processing",
        "Memory Limit per Worker",
        "Blocksize",
    ]
    assert lines[9:11] == ["", "The answer"]
    came = "12 sweeps came in continuous trading, with 3,680 shares entered;"
    assert lines[11].startswith(f"  {came} ")
    first = lines.index("What each would have filled and cost")
    levels = next(n for n in range(first, len(lines)) if lines[n].startswith("  tape"))
    names = ["tape", "as-entered", "dual-post", "rest-dark", "dark-only"]
    assert [line.split()[0] for line in lines[levels : levels + 5]] == names
    assert any("time-priority against the tape" in line for line in lines[levels + 5 :])
    # What a run did stands last, so that the report is in sight.
    summary = [line for line in lines[lines.index("Summary") + 1 :] if line[2] != " "]
    assert [line.split(":")[0].strip().replace(" ", "-") for line in summary] == SUMMARY.split()
    assert str(folder / "out/report.html") in done.stdout
    assert max(len(line) for line in lines if "/" not in line) <= 80


@pytest.mark.parametrize("command", ["run", "replay"])
def test_an_input_that_is_not_there_is_told_before_anything_is_loaded(command):
    done = invoke(command, "orders=nowhere.csv", "s3://bucket/market")
    assert done.exit_code == 3
    assert done.stderr.startswith("Error: The input folder does not exist.\n  where: nowhere.csv")


def test_progress_goes_to_standard_error(finished):
    done, _ = finished
    # The small market has no session, reference and participants files: stage 5 has no line.
    named = re.findall(r"^\[(\d+)/11\] (.+?) {2,}", done.stderr, re.MULTILINE)
    assert {int(number) for number, _ in named} == {*range(1, 12)} - {5}
    assert all(STAGES[int(number) - 1] == name for number, name in named)
    assert "[8/11] simulate sweep matching" in done.stderr
    assert done.stderr.count("part of that, summed over workers") == 1
    assert max(map(len, done.stderr.splitlines())) <= 80
    assert "/11]" not in done.stdout


def test_nothing_is_coloured_or_drawn_in_a_pipe(finished):
    done, _ = finished
    for text in (done.stdout, done.stderr):
        assert "\x1b" not in text
        assert "\r" not in text


def test_run_as_json_is_the_manifest(plain_input, tmp_path):
    done = invoke("run", plain_input, "-o", "out", "--no-parallel", "--json")
    document = only_document(done)
    assert document == json.loads((tmp_path / "out/manifest.json").read_text())
    assert "\nDashboard: none (--no-parallel)\nSystem Configuration\n" in done.stderr


def test_manifest_names_settings_with_their_sources(plain_input):
    done = invoke(
        "run", plain_input, "-o", "out", "--no-parallel", "--json", SWEEP_CHUNK_SIZE="5000"
    )
    settings = only_document(done)["settings"]
    assert settings["output"] == {"value": "out", "source": "command line"}
    assert settings["chunk_size"]["value"] == 5000
    assert "SWEEP_CHUNK_SIZE" in settings["chunk_size"]["source"]
    assert settings["trading_day"]["source"] == "default"
    assert settings["blocksize"]["source"].startswith("auto: ")


def test_without_data_the_sample_is_used_and_the_first_line_says_so(tmp_path):
    done = invoke("run", "--no-parallel")
    assert done.exit_code == 0, done.output
    first, second, third = done.stdout.splitlines()[:3]
    assert first == "There is no data/raw here: using the built-in sample market."
    assert second.startswith("Dashboard: ")
    assert third == "System Configuration"
    assert (tmp_path / "data/outputs").is_dir()
    assert json.loads((tmp_path / "data/manifest.json").read_text())["sample"] is True


def test_data_raw_is_the_default_input(plain_input, tmp_path):
    shutil.copytree(plain_input, tmp_path / "data/raw")
    document = only_document(invoke("run", "--no-parallel", "--json"))
    assert document["sample"] is False
    assert document["input"] == "data/raw"


def test_a_bad_variable_is_a_warning(plain_input):
    done = invoke("run", plain_input, "--no-parallel", SWEEP_WORKERS="several")
    assert done.exit_code == 0
    assert "Warning: SWEEP_WORKERS='several' is ignored" in done.stderr
    assert "Warning" not in done.stdout


def test_a_profile_that_cannot_be_written_costs_nothing_else(plain_input, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cProfile.Profile.dump_stats", full)
    done = invoke("run", plain_input, "-o", "out", "--no-parallel", "--profile")
    assert done.exit_code == 0
    assert "Warning: the profile could not be written: [Errno 28]" in done.stderr


def test_debug_profile_and_monitor_leave_their_files(plain_input, tmp_path):
    assert invoke("run", plain_input, "-o", "out", "--no-parallel", "--profile").exit_code == 0
    names = {path.name for path in (tmp_path / "out/logs").iterdir()}
    assert names == {"run.log", "resources.csv", "profile"}
    pages = {path.name for path in (tmp_path / "out/logs/profile").iterdir()}
    assert pages == {"index.html", "flame.html", "profile.pstats"}
    assert "simulate" in (tmp_path / "out/logs/profile/flame.html").read_text(encoding="utf-8")
    assert 'href="logs/profile/index.html"' in (tmp_path / "out/report.html").read_text("utf-8")
    assert invoke("run", plain_input, "-o", "b", "--no-parallel", "--no-monitor").exit_code == 0
    assert {path.name for path in (tmp_path / "b/logs").iterdir()} == {"run.log"}


# --- the other commands -------------------------------------------------------------------------


def test_plan_writes_nothing(plain_input, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in plain_input.rglob("*")}
    done = invoke("plan", plain_input, "-o", "out")
    assert done.exit_code == 0, done.output
    assert list(tmp_path.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in plain_input.rglob("*")} == before
    for word in ("orders/", "Machine", "Blocksize", "Memory, block task", "Partitions"):
        assert word in done.stdout


def test_a_setting_that_is_not_used_is_not_told_as_such(plain_input, tmp_path):
    """Workers: there are none without a cluster."""
    flags = ("--no-parallel", "--workers", "4", "--blocksize", "1MiB", "-o", "out", "--json")
    derived = json.loads(invoke("plan", plain_input, *flags).stdout)["derived"]
    assert derived["workers"] == {"value": 1, "reason": "no cluster: this process alone"}
    assert derived["blocksize_bytes"] == {"value": 1 << 20, "reason": "set by command line"}
    settings = json.loads(invoke("run", plain_input, *flags).stdout)["settings"]
    source = "auto: no cluster: this process alone"
    assert settings["workers"] == {"value": 1, "source": source}
    assert settings["blocksize"] == {"value": 1 << 20, "source": "command line"}


@pytest.mark.parametrize("gib", [0.75, 4])
def test_of_a_cluster_a_memory_limit_holds_that_its_workers_can_keep(gib):
    worker = RemoteWorker("there", threads=1, memory_bytes=2**30, usable_bytes=2**30)
    limit_bytes = int(gib * 2**30)
    settings = load_settings({"memory_limit": limit_bytes, "workers": 1}, {}, Path("/"))
    workers = RemoteWorkers("tcp://there", {"tcp://a": worker})
    system, reasons = sized(settings, 100.0, workers)
    assert reasons["workers"] == "those of tcp://there"
    is_kept = system.memory_limit_bytes == limit_bytes
    assert (reasons["memory_limit"] == "set by command line") is is_kept is (gib < 1)
    _, reasons = sized(Settings(), 100.0, workers)
    assert not any(reason.startswith("set by") for reason in reasons.values())


def test_plan_as_json_agrees_with_the_run(plain_input, plain_result):
    document = only_document(invoke("plan", plain_input, "--no-parallel", "--json"))
    assert document["expected_partitions"] == len(plain_result.manifest["partitions"])
    assert document["bytes"] == sum(entry["bytes"] for entry in plain_result.manifest["inputs"])
    assert document["blocks"] == 3
    memory = document["projected_memory"]
    assert memory["total_bytes"] >= max(memory["block_task_bytes"], memory["partition_task_bytes"])
    disk = document["projected_disk"]
    assert disk["total_bytes"] == disk["scratch_bytes"] + disk["results_bytes"] > 0
    assert all(derived["reason"] for derived in document["derived"].values())


def test_plan_refuses_what_run_would_refuse(plain_input):
    done = invoke("plan", plain_input, "--blocksize", "1GiB", "--memory-limit", "200MiB")
    assert done.exit_code == 4
    assert "Reading a block of 1.00 GiB needs about" in done.stderr
    assert "--memory-limit" in done.stderr


def test_config_shows_every_value_with_its_source(tmp_path):
    (tmp_path / "config.yaml").write_text("system: {chunk_size: 20000}\n")
    done = invoke("config", "--workers", "3", SWEEP_BLOCKSIZE="64KiB")
    assert done.exit_code == 0, done.output
    rows = {line.split()[0]: re.split(r" {2,}", line.strip()) for line in done.stdout.splitlines()}
    assert rows["Setting"] == ["Setting", "Value", "Source"]
    assert rows["workers"][1:] == ["3", "command line"]
    assert "SWEEP_BLOCKSIZE" in rows["blocksize"][2]
    assert "config.yaml" in rows["chunk_size"][2]
    assert rows["trading_day"][1:] == ["session", "default"]


def test_config_as_json():
    document = only_document(invoke("config", "--workers", "3", "--json"))
    assert document["workers"] == {"value": 3, "source": "command line"}
    assert document["on_bad_rows"] == {"value": "quarantine", "source": "default"}


def test_verify_finds_nothing_in_a_whole_folder(plain_result):
    done = invoke("verify", plain_result.output)
    assert done.exit_code == 0
    rows = sum(entry["read"] for entry in plain_result.manifest["ledger"])
    assert f"all {rows:,} rows read are accounted for" in done.stdout
    document = only_document(invoke("verify", plain_result.output, "--json"))
    assert document == {
        "ok": True,
        "files": len(plain_result.manifest["files"]),
        "findings": [],
    }


def test_verify_finds_each_damage(plain_result, tmp_path):
    shutil.copytree(plain_result.output, tmp_path / "out")
    changed = "outputs/2024-10-04/101/simulation_order_summary.csv"
    missing = "tables/sweep_group_summary.parquet/2024-10-04-0000000101.parquet"
    (tmp_path / "out" / changed).write_text("orderid\n")
    (tmp_path / "out" / missing).unlink()
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    manifest["ledger"][0]["kept"] += 1
    (tmp_path / "out/manifest.json").write_text(json.dumps(manifest))
    done = invoke("verify", "out", "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert document["ok"] is False
    found = {finding["where"] for finding in document["findings"]}
    assert found >= {changed, missing, "orders/orders.csv"}
    assert f"{changed}: the file's digest differs" in invoke("verify", "out").stdout


@pytest.mark.parametrize("command", ["verify", "report"])
def test_a_folder_without_manifest_is_exit_3(command, tmp_path):
    done = invoke(command, tmp_path)
    assert done.exit_code == 3
    assert "no manifest that can be read" in done.stderr
    assert "cure:" in done.stderr


def test_report_is_rebuilt_as_it_was(plain_result, tmp_path):
    shutil.copytree(plain_result.output, tmp_path / "out")
    (tmp_path / "out/report.html").unlink()
    done = invoke("report", "out")
    assert done.exit_code == 0, done.output
    assert "report.html" in done.stdout
    assert invoke("verify", "out").exit_code == 0


@pytest.mark.slow
def test_synth_writes_a_market_that_runs(tmp_path):
    options = ("--securities", "1", "--events", "200", "--dates", "2024-10-04", "--seed", "3")
    document = only_document(invoke("synth", "market", *options, "--json"))
    assert document["output"] == "market"
    assert document["rows"]["orders"] >= 200
    assert invoke("run", "market", "-o", "out", "--no-parallel").exit_code == 0
    again = invoke("synth", "again", *options)
    assert "Next: python -m sweep_dask run again" in again.stdout
    for path in (tmp_path / "market").rglob("*.csv"):
        twin = tmp_path / "again" / path.relative_to(tmp_path / "market")
        assert twin.read_bytes() == path.read_bytes()


# --- usage errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value", "accepted"),
    [
        ("--workers", "many", "a whole number, or auto"),
        ("--blocksize", "0", "64KiB"),
        ("--memory-limit", "lots", "64KiB"),
        ("--trading-day", "yesterday", "session or calendar"),
        ("--on-bad-rows", "ignore", "quarantine or fail"),
        ("--max-bad-fraction", "5%", "a fraction from 0 to 1"),
        ("--dates", "5.9.2024", "dates as 2024-09-05"),
        ("--securities", "B.H.P", "order book ids or tickers"),
        ("--dashboard-address", "nowhere", "HOST:PORT"),
        ("--model", "lottery", "time-priority"),
        ("--scenario", "rest-lit", "did you mean rest-dark?"),
        ("--config", "absent.yaml", "an existing file"),
    ],
)
def test_a_bad_value_is_exit_2_and_says_what_is_accepted(plain_input, option, value, accepted):
    done = invoke("run", plain_input, option, value)
    assert done.exit_code == 2
    assert option in done.stderr
    assert repr(value) in done.stderr
    assert accepted in done.stderr
    assert not Path("data").exists()


@pytest.mark.parametrize(
    "arguments",
    [("run", "--colour"), ("simulate",), ("verify",), ("synth",), ("synth", "m", "--seed", "x")],
)
def test_a_wrong_command_line_is_exit_2(arguments):
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert "Usage:" in done.stderr


@pytest.mark.parametrize(
    ("option", "value"), [("--events", "1"), ("--dates", "2024-10-05"), ("--securities", "0")]
)
def test_synth_refuses_what_it_cannot_make(option, value, tmp_path):
    done = invoke("synth", "market", option, value)
    assert done.exit_code == 2, done.output
    assert "accepted:" in done.stderr
    assert not (tmp_path / "market").exists()


def test_a_misspelt_key_in_the_file_is_exit_2(plain_input, tmp_path):
    (tmp_path / "config.yaml").write_text("system: {worker: 2}\n")
    done = invoke("run", plain_input)
    assert done.exit_code == 2
    assert "workers" in done.stderr


def test_a_wrong_column_mapping_is_exit_2(plain_input, tmp_path):
    (tmp_path / "config.yaml").write_text("columns: {orders: {order_number: id}}\n")
    done = invoke("plan", plain_input)
    assert done.exit_code == 2
    assert "order_number" in done.stderr


def test_workers_below_one_become_one(plain_input):
    done = invoke("plan", plain_input, "--workers", "0")
    assert done.exit_code == 0
    assert "below the minimum; using 1" in done.stderr


def test_an_unforeseen_error_is_a_message_too(plain_input, monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError("never")

    monkeypatch.setattr("sweep_dask.study.command.make_plan", fail)
    done = invoke("run", plain_input)
    assert done.exit_code == 70
    assert "Error: ZeroDivisionError: never" in done.stderr
    assert "a defect of sweep_dask" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in invoke("run", plain_input, "--debug").stderr


# --- one program --------------------------------------------------------------------------------

DASK_COMMAND = ("-m", "dask", "sweep")


def test_dask_finds_the_command_by_its_name():
    # Its plug-ins are registered as they call themselves, whatever the entry point is called.
    assert main.name == "sweep"


@pytest.mark.slow
def test_the_installed_names_are_the_same_program(plain_input, finished, tmp_path):
    scripts = [e for e in entry_points(group="console_scripts") if e.name == "sweep-dask"]
    plugins = [e for e in entry_points(group="dask_cli") if e.name == "sweep"]
    if not scripts or not plugins:
        pytest.skip("the package is not installed")
    assert scripts[0].load() is main
    assert plugins[0].load() is main
    run = ("run", plain_input, "-o", "out", "--no-parallel")
    done = run_program(*run, cwd=tmp_path, program=DASK_COMMAND)
    assert done.returncode == 0, done.stderr
    assert result_files(tmp_path / "out") == result_files(finished[1] / "out")


def test_a_reader_that_goes_away_is_no_error(plain_input, tmp_path):
    """As in `... | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        done = subprocess.run(
            [sys.executable, "-m", "sweep_dask", "plan", plain_input],
            stdout=broken,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=program_environment(),
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_reader_that_goes_away_does_not_end_the_run(plain_input, tmp_path):
    """`run | head -1`: the results are there, and exit code 0 means that they are."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody_reads:
        done = subprocess.run(
            [sys.executable, "-m", "sweep_dask", "run", plain_input, "-o", "out", "--no-parallel"],
            cwd=tmp_path,
            env=program_environment(),
            stdout=nobody_reads,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out/manifest.json").read_text())["status"] == "done"


def test_a_closed_standard_error_does_not_end_the_run(plain_input, tmp_path):
    command = f"exec {sys.executable} -m sweep_dask run {plain_input} -o out --no-parallel 2>&-"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=program_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Status:" in done.stdout
