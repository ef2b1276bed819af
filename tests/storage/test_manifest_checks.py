"""The manifest: a digest of itself, and what a sound one is."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from sweep_dask.errors import InputError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import find_manifest, read_manifest, write_manifest

DOCUMENT = {
    "status": "done",
    "ledger": [
        {"file": "orders/ü.csv", "table": "orders", "read": 0, "kept": 0}
        | {"filtered": {}, "rejected": {}}
    ],
    "stages": [{"name": "plan", "seconds": 1e-05}],
    "partitions": [],
    "earlier_runs": [],
    "files": {"tables/a.parquet": "sha256:0"},
}


@pytest.fixture
def layout(tmp_path):
    layout = OutputLayout(tmp_path)
    write_manifest(layout, DOCUMENT)
    return layout


def test_what_was_written_is_read(layout):
    document = read_manifest(layout)
    assert document.pop("digest").startswith("sha256:")
    assert document == {"format": 1, **DOCUMENT}
    assert next(iter(document)) == "format"


def test_a_manifest_written_again_is_the_same(layout):
    before = layout.manifest.read_bytes()
    write_manifest(layout, read_manifest(layout))
    assert layout.manifest.read_bytes() == before


def test_every_flipped_bit_is_noticed(layout):
    data = layout.manifest.read_bytes()
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        layout.manifest.write_bytes(changed)
        with suppress(InputError):
            assert not find_manifest(layout).is_intact, (bit, changed)
        with pytest.raises(InputError, match="no manifest that can be read"):
            read_manifest(layout)


def test_a_manifest_of_a_version_without_digests_is_read(layout):
    document = {"format": 1, **DOCUMENT}
    del document["earlier_runs"]
    layout.manifest.write_text(json.dumps(document))
    assert read_manifest(layout) == document


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "{}", '{"files": {}}', "\0"])
def test_a_manifest_that_cannot_be_read(layout, text):
    layout.manifest.write_text(text)
    with pytest.raises(InputError, match="no manifest that can be read"):
        find_manifest(layout)


def test_depth_without_end_is_no_manifest(layout):
    layout.manifest.write_text("[" * 100_000)
    with pytest.raises(InputError, match="no manifest that can be read"):
        find_manifest(layout)


def test_no_manifest_at_all(tmp_path):
    with pytest.raises(InputError) as caught:
        read_manifest(OutputLayout(tmp_path))
    assert caught.value.where.endswith("manifest.json")


def test_a_link_is_no_manifest(layout, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    layout.manifest.rename(elsewhere)
    layout.manifest.symlink_to(elsewhere)
    with pytest.raises(InputError, match="no manifest that can be read"):
        find_manifest(layout)


@pytest.mark.parametrize(
    "change",
    [
        {"partitions": [{"date": "../../..", "security": 1, "state": "computed"}]},
        {"partitions": [{"date": "2024-10-04", "security": True, "state": "computed"}]},
        {"earlier_runs": [{"run": "../../..", "status": "done", "ledger": []}]},
        {"rejects": "rejects/earlier/../../.."},
        {"ledger": [{"file": "a.csv"}]},
        {"settings": {"models": {"value": 5, "source": ""}}},
        {"files": {"tables/a.parquet": None}},
    ],
    ids=json.dumps,
)
def test_a_manifest_of_another_form_is_refused_though_its_digest_is_right(layout, change):
    write_manifest(layout, DOCUMENT | change)
    with pytest.raises(InputError) as told:
        read_manifest(layout)
    assert "form" in told.value.value
