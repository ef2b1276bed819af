"""The program owns what it wrote, and nothing else: real files and links of somebody else."""

import json
import os
import shutil

import pytest
from markets import plain_market
from running import invoke, result_files, run_here

from sweep_dask.errors import UsageError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest, write_manifest
from sweep_dask.study.verify import verify_output


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out"


def run(folder, output, **settings):
    return run_here(folder, output, enable_parallel=False, **settings)


def bytes_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- input and output apart ---------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "orders", "results"])
def test_an_output_folder_among_the_input_is_refused(tmp_path, below):
    source = plain_market().write(tmp_path / "in")
    before = bytes_below(source)
    with pytest.raises(UsageError, match="Input and output overlap"):
        run(source, source / below)
    assert bytes_below(source) == before


@pytest.mark.parametrize("place", ["processed/2024-10-04", "outputs", "tables/mine", "replay"])
def test_an_input_folder_among_the_results_is_refused(tmp_path, output, place):
    source = plain_market().write(output / place)
    before = bytes_below(output)
    with pytest.raises(UsageError, match="Input and output overlap"):
        run(source, output)
    assert bytes_below(output) == before


def test_links_do_not_hide_an_overlap(tmp_path, output):
    source = plain_market().write(output / "processed" / "raw")
    (tmp_path / "link").symlink_to(source)
    with pytest.raises(UsageError, match="Input and output overlap"):
        run(tmp_path / "link", output)
    mixed = plain_market().write(tmp_path / "in")
    shutil.rmtree(mixed / "trades")
    (mixed / "trades").symlink_to(source / "trades")
    with pytest.raises(UsageError, match="Input and output overlap"):
        run(mixed, output)
    (tmp_path / "other").symlink_to(output)
    with pytest.raises(UsageError, match="Input and output overlap"):
        run(source, tmp_path / "other")


def test_raw_files_beside_the_results_are_the_normal_case(plain_input, tmp_path):
    source = shutil.copytree(plain_input, tmp_path / "data" / "raw")
    before = bytes_below(source)
    assert run(source, tmp_path / "data").exit_code == 0
    assert bytes_below(source) == before


# --- files of others ----------------------------------------------------------------------------

OF_THE_USER = [
    "tables/my_prices.parquet",
    "processed/2023-01-01/research.csv",
    "outputs/2024-10-04/101/notes.md",
    "rejects/old.parquet",
    "logs/mine.log",
    ".draft.tmp",
    "tables/.old.parquet.123.tmp",
]


def write_strangers(output, names):
    for name in names:
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("of the user")
    return {output / name: b"of the user" for name in names}


@pytest.mark.parametrize("name", [*OF_THE_USER[:5], "report.html", "manifest.json"])
def test_a_folder_with_files_of_others_where_results_go_is_refused(plain_input, output, name):
    strangers = write_strangers(output, [name])
    with pytest.raises(UsageError, match="may not be of sweep_dask") as caught:
        run(plain_input, output)
    assert "Name another folder with --output" in str(caught.value)
    assert bytes_below(output) == strangers


def test_files_of_others_beside_and_among_results_stay(plain_input, plain_output):
    output = plain_output()
    strangers = write_strangers(output, OF_THE_USER)
    again = run(plain_input, output, fresh=True)
    assert again.exit_code == 0
    assert strangers.items() <= bytes_below(output).items()
    found = {finding.where for finding in verify_output(OutputLayout(output))[1]}
    assert found == set(OF_THE_USER) - {".draft.tmp"}


@pytest.mark.parametrize(
    "name",
    [
        "tables/sweep_metrics.parquet/2024-10-04-0000000101.parquet",
        "tables/summaries/2024-10-04.parquet",
        "outputs/2024-10-04/101/sweep_metrics.parquet",
    ],
)
def test_a_file_of_others_where_a_result_belongs_is_not_overwritten(
    plain_input, plain_output, name
):
    output = plain_output(dates="2024-10-07", models="time-priority")
    manifest = read_manifest(OutputLayout(output))
    listed = {k: v for k, v in manifest["files"].items() if k != name}
    write_manifest(OutputLayout(output), manifest | {"files": listed})
    (output / name).unlink(missing_ok=True)
    write_strangers(output, [name])
    with pytest.raises(UsageError, match="Something stands where results belong") as caught:
        run(plain_input, output)
    assert caught.value.where == str(output / name)
    assert (output / name).read_text() == "of the user"


@pytest.mark.parametrize("name", ["raw/orders/orders.csv", "../stranger.csv", "notes.md", "/etc/x"])
def test_a_manifest_that_names_files_of_others_makes_them_not_ours(plain_input, plain_output, name):
    output = plain_output()
    if not name.startswith("/"):
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("of the user")
    manifest = read_manifest(OutputLayout(output))
    write_manifest(OutputLayout(output), manifest | {"files": manifest["files"] | {name: "x"}})
    run(plain_input, output, fresh=True)
    assert name.startswith("/") or path.read_text() == "of the user"


def test_a_damaged_manifest_owns_nothing(plain_input, plain_output):
    output = plain_output()
    text = (output / "manifest.json").read_text()
    (output / "manifest.json").write_text(text.replace('"done"', '"dome"'))
    before = bytes_below(output)
    with pytest.raises(UsageError, match="changed after it was written"):
        run(plain_input, output)
    assert bytes_below(output) == before


def test_links_that_are_no_tables_are_nothing_to_the_run(tmp_path):
    source = plain_market().write(tmp_path / "market")
    (source / "circle").symlink_to(source / "circle")
    (source / "above").symlink_to(tmp_path)
    assert run(source, tmp_path / "results").exit_code == 0


def test_what_is_removed_is_counted_and_logged(
    plain_input, plain_result, plain_output, time_priority_result
):
    before, output = plain_result.manifest["files"].keys(), plain_output()
    again = run(plain_input, output)
    assert again.manifest["removed_files"] == 0
    assert "removed" not in (output / "logs/run.log").read_text()
    result = run(plain_input, output, models="time-priority")
    removed = result.manifest["removed_files"]
    assert removed == len(before - result.manifest["files"].keys()) > 0
    assert f"removed {removed} files" in (output / "logs/run.log").read_text()
    assert result_files(output) == result_files(time_priority_result.output)


def test_leftovers_of_killed_runs_are_counted(plain_input, output):
    scratch = output / f".scratch-{'0' * 32}"
    scratch.mkdir(parents=True)
    (scratch / "spilled.parquet").touch()
    (scratch / ".sweep_dask").touch()
    (output / f".manifest.json.{'0' * 32}.tmp").touch()
    run(plain_input, output)
    assert "removed 2 leftovers of killed runs" in (output / "logs/run.log").read_text()
    assert not scratch.exists()


# --- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("processed", "outputs", "tables", "rejects", "logs", "tables/rollups"),
        *("processed/2024-10-04", "outputs/2024-10-04"),
        *("processed/2024-10-04/101", "outputs/2024-10-04/101", "rejects/earlier"),
        *(f"outputs/2024-10-04/101/centre-point{below}" for below in ("", "/dark-only")),
    ],
)
@pytest.mark.parametrize("earlier", [False, True])
def test_links_are_not_followed(
    plain_input, plain_result, tmp_path, output, name, earlier, monkeypatch
):
    """And are refused before the work of a run, not when it is put in place."""
    outside = tmp_path / "outside"
    outside.mkdir()
    strangers = write_strangers(outside, ["precious.parquet", "101/receipt.json"])
    link = output / name
    if earlier:
        shutil.copytree(plain_result.output, output)
        shutil.rmtree(link, ignore_errors=True)
    else:
        write_manifest(OutputLayout(_made(output)), _EMPTY)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    monkeypatch.setattr("sweep_dask.study.run.simulate", _no_work)
    with pytest.raises(UsageError, match="symbolic link") as caught:
        run(plain_input, output, fresh=True)
    assert caught.value.where == str(link)
    assert bytes_below(outside) == strangers
    assert link.is_symlink()


def _no_work(*_):
    pytest.fail("partitions are run before links are seen")


_EMPTY = {"status": "done", "files": {}, "ledger": [], "partitions": [], "earlier_runs": []} | {
    "run": "0", "version": "0", "command": "run", "started": "", "input": "", "inputs": []
}  # fmt: skip


def _made(folder):
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("link", ["replay", "replay/rejects", "replay/logs"])
def test_links_of_a_replay_are_not_followed(plain_input, plain_result, tmp_path, output, link):
    outside = tmp_path / "outside"
    strangers = write_strangers(outside, ["precious.parquet", "manifest.json"])
    shutil.copytree(plain_result.output, output)
    (output / link).parent.mkdir(exist_ok=True)
    (output / link).symlink_to(outside)
    done = invoke("replay", plain_input, "-o", output, "--no-parallel", "--no-ablations")
    assert done.exit_code == 2, done.stderr
    assert "symbolic link, which is not followed" in done.stderr
    assert f"where: {output / link}\n" in done.stderr
    assert run(plain_input, output).exit_code == 0
    assert bytes_below(outside) == strangers


def test_a_result_that_is_a_link_is_not_written_through(plain_input, plain_output, tmp_path):
    output = plain_output()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    table = output / "tables/sweep_metrics.parquet/2024-10-04-0000000101.parquet"
    table.unlink()
    table.symlink_to(victim)
    with pytest.raises(UsageError, match="symbolic link"):
        run(plain_input, output)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("how", ["symbolic", "hard"])
def test_a_lock_that_is_a_link_does_not_truncate_its_target(plain_input, tmp_path, output, how):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    output.mkdir()
    (os.symlink if how == "symbolic" else os.link)(victim, output / ".lock")
    with pytest.raises(UsageError):
        run(plain_input, output)
    assert victim.read_text() == "precious"
    assert (output / ".lock").exists()


def test_a_lock_of_somebody_else_is_left_alone(plain_input, output):
    output.mkdir()
    (output / ".lock").write_text("an appointment")
    with pytest.raises(UsageError, match="not of sweep_dask"):
        run(plain_input, output)
    assert (output / ".lock").read_text() == "an appointment"


def test_scratch_of_others_is_left_alone(plain_input, tmp_path, output):
    outside = tmp_path / "outside"
    strangers = write_strangers(outside, ["precious"])
    output.mkdir()
    (output / ".scratch").mkdir()
    (output / ".scratch" / "mine").write_text("of the user")
    (output / f".scratch-{0:032x}").symlink_to(outside)
    (output / f".scratch-{1:032x}").mkdir()
    (output / f".scratch-{1:032x}" / "mine").write_text("of the user")
    run(plain_input, output)
    assert (output / ".scratch" / "mine").read_text() == "of the user"
    assert (output / f".scratch-{1:032x}" / "mine").read_text() == "of the user"
    assert bytes_below(outside) == strangers


def test_the_manifest_says_running_while_a_run_is_at_work(plain_input, plain_output, monkeypatch):
    output = plain_output()
    seen = []

    def look(*arguments, **named):
        seen.append(json.loads((output / "manifest.json").read_text())["status"])
        return placed(*arguments, **named)

    placed = OutputLayout.receipt
    monkeypatch.setattr(OutputLayout, "receipt", look)
    run(plain_input, output)
    assert set(seen[:-1]) <= {"running", "done"}
    assert "running" in seen
    assert read_manifest(OutputLayout(output))["status"] == "done"
