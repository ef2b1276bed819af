"""Data that was written wrong stops a run; the cure it names gives what the sound data give."""

from __future__ import annotations

import gzip
import re

import pandas as pd
import pytest
from rewritten import divided, rewrite
from running import invoke, result_files, run_here

from sweep_dask.sample import sample_market_path

pytestmark = pytest.mark.slow

OPTIONS = {"enable_parallel": False, "models": "time-priority"}
IDS = {"orders": "order_id", "trades": "orderid"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """What the built-in sample gives."""
    output = tmp_path_factory.mktemp("sound") / "output"
    return result_files(run_here(sample_market_path(), output, **OPTIONS).output)


def run(folder, output, *options):
    models = ("--model", "time-priority")
    return invoke("run", folder, "--output", output, "--no-parallel", *models, *options)


@pytest.mark.parametrize("tables", [(), ("nbbo",)], ids=["all prices in cents", "quotes in cents"])
def test_prices_in_cents_stop_a_run_that_the_cure_lets_go_on(tmp_path, sound, tables):
    folder = rewrite(sample_market_path(), tmp_path / "in", cell=divided(1), tables=tables)
    refused = run(folder, tmp_path / "out")
    assert refused.exit_code == 3
    assert not (tmp_path / "out").exists()
    # What the message says belongs into the configuration, as it stands there.
    (cure,) = set(re.findall("Set `(units: .*)` in the configuration", refused.stderr))
    config = tmp_path / "cure.yaml"
    config.write_text(f"{cure}\n", encoding="utf-8")
    done = run(folder, tmp_path / "out", "--config", config)
    assert done.exit_code == 0, done.stderr
    assert result_files(tmp_path / "out") == sound


def exported(folder, **columns):
    """The sample as a program writes it that reads CSV into columns of these types."""
    for path in sorted(sample_market_path().glob("*/*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            rows = pd.read_csv(stream, dtype=str, keep_default_na=False, skipinitialspace=True)
        column = IDS.get(path.parent.name)
        kind = columns.get(path.parent.name)
        if kind is not None:
            rows[column] = rows[column].astype(kind)
        target = folder / path.parent.name / path.stem
        target.parent.mkdir(parents=True)
        rows.to_csv(target, index=False, float_format="%.0f")
    return folder


def test_ids_through_a_double_stop_a_run_and_whole_ones_give_the_answer(tmp_path, sound):
    broken = run(exported(tmp_path / "broken", orders=float, trades=float), tmp_path / "out")
    assert broken.exit_code == 3
    assert "Export the column as 64-bit integers or as text" in broken.stderr
    assert not (tmp_path / "out").exists()
    done = run(exported(tmp_path / "whole", orders="int64", trades=str), tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert result_files(tmp_path / "out") == sound
