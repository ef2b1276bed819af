"""A run stops for an input that contradicts itself, or says so wherever its answer is shown."""

from __future__ import annotations

import json

import pytest
from dask.utils import parse_bytes
from rewritten import divided, rewrite
from running import invoke, run_here

from sweep_dask.analysis.data_checks.tally import Tally
from sweep_dask.errors import InputError
from sweep_dask.market.ticks import DEFAULT_TICKS
from sweep_dask.sample import sample_market_path
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.blocks import cut_file, read_chunks
from sweep_dask.storage.ingest import tally_of
from sweep_dask.storage.inputs import open_inputs
from sweep_dask.storage.validate import validate_chunk
from sweep_dask.study import check

OPTIONS = {"enable_parallel": False, "models": "time-priority"}
BITS = 64 + 256 + 2048 + 4096


@pytest.fixture(scope="module")
def in_cents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cents")
    return rewrite(sample_market_path(), folder / "input", cell=divided(1), tables=("nbbo",))


@pytest.mark.parametrize("looks_before", [True, False])
def test_a_run_stops_before_it_simulates(in_cents, tmp_path, monkeypatch, looks_before):
    if not looks_before:  # what the samples do not show all rows do
        monkeypatch.setattr(check, "RUN_BYTES", 2_000)
        monkeypatch.setattr("sweep_dask.study.run.simulate", None)
    with pytest.raises(InputError, match="nbbo: Prices of nbbo seem to be in cents") as raised:
        run_here(in_cents, tmp_path / "output", **OPTIONS)
    assert raised.value.exit_code == 3
    assert "--on-contradiction warn" in str(raised.value)
    assert not (tmp_path / "output/processed").exists()


def test_the_command_line_and_a_replay_stop_likewise(in_cents, tmp_path):
    arguments = (in_cents, "--output", tmp_path / "output", "--no-parallel")
    for command in ("run", "replay"):
        result = invoke(command, *arguments)
        assert result.exit_code == 3
        assert "seem to be in cents" in result.stderr


@pytest.mark.slow
def test_who_goes_on_is_told_everywhere(in_cents, tmp_path):
    output = tmp_path / "output"
    result = invoke(
        "run", in_cents, "--output", output, "--no-parallel", "--model", "time-priority",
        SWEEP_ON_CONTRADICTION="warn",
    )  # fmt: skip
    assert result.exit_code == 0
    (found,) = json.loads((output / "manifest.json").read_text(encoding="utf-8"))["checks"]
    assert (found["check"], found["severity"]) == ("price_unit", "contradiction")
    assert found["found"] in " ".join(result.stdout.split())
    page = (output / "report.html").read_text(encoding="utf-8")
    assert page.index('id="checks"') < page.index('id="answer"')
    assert "seem to be in cents" in page


@pytest.mark.slow
def test_what_an_earlier_run_has_found_stops_one_that_starts_from_its_rows(
    in_cents, tmp_path, monkeypatch
):
    monkeypatch.setattr(check, "RUN_BYTES", 2_000)
    output = tmp_path / "output"
    found = run_here(in_cents, output, on_contradiction="warn", **OPTIONS).manifest["checks"]
    monkeypatch.setattr("sweep_dask.study.reading.ingest", None)
    with pytest.raises(InputError, match="nbbo: Prices of nbbo seem to be in cents"):
        run_here(in_cents, output, **OPTIONS)
    again = run_here(in_cents, output, on_contradiction="warn", **OPTIONS)
    assert again.manifest["checks"] == found


@pytest.mark.slow
def test_a_sound_input_is_not_talked_about(tmp_path):
    result = run_here(sample_market_path(), tmp_path / "output", **OPTIONS)
    assert result.manifest["checks"] == []
    assert 'id="checks"' not in (tmp_path / "output/report.html").read_text(encoding="utf-8")


def test_findings_do_not_depend_on_the_blocks(in_cents):
    def findings(blocksize):
        inputs, total = open_inputs(str(in_cents), {}), Tally()
        for file in inputs.readable:
            for block in cut_file(file, inputs.headers[file.name], parse_bytes(blocksize), 0):
                for chunk in read_chunks(block):
                    rows = validate_chunk(chunk, block.header, BY_NAME[file.table], BITS).rows
                    total.add(tally_of(file.name, file.table, rows, DEFAULT_TICKS))
        return [f.as_json() for f in check.check_tally(total, is_whole=True)], total.as_json()

    whole, in_blocks = findings("1GiB"), findings("37kB")
    assert whole == in_blocks
    assert whole[0]
