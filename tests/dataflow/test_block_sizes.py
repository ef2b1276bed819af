"""Blocks that change their size while the input is read: when they do, and that nobody can tell."""

import random

import pytest
from running import result_files, run_here

from sweep_dask.dataflow import ingest
from sweep_dask.dataflow.ingest import next_blocksize
from sweep_dask.memory import MINIMUM_BLOCKSIZE_BYTES
from sweep_dask.storage.blocks import cut_file, recut
from sweep_dask.storage.inputs import open_inputs

MIB = 1 << 20


@pytest.mark.parametrize(
    ("blocksize", "shares", "expected"),
    [
        (64, [0.5], 64),  # neither near nor far
        (64, [0.69], 64),
        (64, [0.7], 32),
        (32, [0.1, 0.9], 16),  # the last wave counts
        (8, [0.9], 8),  # what takes memory is not the block any more
        (32, [0.39], 32),  # calm, but not for long
        (32, [0.39, 0.39], 64),
        (32, [0.4, 0.39], 32),
        (32, [0.5, 0.3, 0.3], 64),
        (64, [0.1, 0.1], 64),  # not above the plan
        (48, [0.1, 0.1], 64),
    ],
)
def test_sizes_follow_the_memory_of_the_waves_before(blocksize, shares, expected):
    assert next_blocksize(blocksize * MIB, 64 * MIB, shares) == expected * MIB


def test_small_blocks_are_not_made_smaller():
    small = MINIMUM_BLOCKSIZE_BYTES
    assert next_blocksize(small, small, [0.9]) == small
    assert next_blocksize(700, 700, [0.9]) == 700


def test_blocks_that_are_left_are_cut_anew_to_the_ends_of_their_files(plain_input):
    inputs = open_inputs(str(plain_input), {})
    blocks = []
    for file in inputs.readable:
        blocks += cut_file(file, inputs.headers[file.name], 700, len(blocks))
    left = blocks[3:]
    again = recut(left, 300)
    assert [block.number for block in again] == list(range(3, 3 + len(again)))
    assert again[0].start == left[0].start
    assert {block.file.name: block.end for block in again} == {
        block.file.name: block.end for block in left
    }
    assert recut(again, 700) == left


@pytest.mark.parametrize("seed", range(3))
def test_sizes_that_change_change_no_byte(seed, plain_input, plain_result, tmp_path, monkeypatch):
    draw = random.Random(seed)
    monkeypatch.setattr(ingest, "LARGEST_WAVE", 2)
    monkeypatch.setattr(ingest, "next_blocksize", lambda *_: draw.randrange(150, 2_000))
    done = run_here(plain_input, tmp_path / "out", enable_parallel=False, blocksize=700)
    changes = done.manifest["block_sizes"]
    assert len(changes) > 2
    assert all(change["memory_share"] > 0 for change in changes)
    assert "Blocksize from block" in done.report.read_text(encoding="utf-8")
    assert result_files(done.output) == result_files(plain_result.output)


def test_a_run_with_room_keeps_its_sizes(plain_result):
    assert plain_result.manifest["block_sizes"] == []
