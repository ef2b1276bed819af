"""An address is shown without its credentials, and so is what a library says of it."""

from __future__ import annotations

import pickle

import pytest

from sweep_dask.storage.address import InputAddress

SHOWN = {
    "s3://KEYID:SECRET@bucket/market": "s3://***@bucket/market",
    "s3://KEYID:SEC/RE?T@bucket/a@b": "s3://***@b",
    "S3://token@bucket": "S3://***@bucket",
    "https://user:p%40ss@host:8443/in?sig=abc%2Fdef&x=1#part": (
        "https://***@host:8443/in?sig=***&x=***#***"
    ),
    "https://host/in?opaquetoken": "https://host/in?***",
    "zip://market::s3://KEYID:SECRET@bucket/all.zip": "zip://market::s3://***@bucket/all.zip",
    "simplecache::https://u:p::w@host/in": "simplecache::https://***@host/in",
    "https://host:8443/in": "https://host:8443/in",
    "s3://bucket/a@b/c": "s3://bucket/a@b/c",
    "memory://market": "memory://market",
    "file:///data/a?b=c": "file:///data/a?b=c",
    "data/raw": "data/raw",
    "/data/user:secret@host?token=1": "/data/user:secret@host?token=1",
}


@pytest.mark.parametrize(("raw", "shown"), SHOWN.items())
def test_what_is_shown(raw, shown):
    address = InputAddress(raw)
    assert str(address) == f"{address}" == shown
    assert repr(address) == f"InputAddress({shown!r})"
    assert pickle.loads(pickle.dumps(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "GET https://us%65r:p%40ssword@host/in/orders?sig=abc%2Fdef failed",
        "GET https://host/in/orders/a.csv?sig=abc/def&list=1: 403",
        "no such bucket for key 'p@ssword' of 'usr1'",
        "signature abc/def of p%40ssword does not match",
    ],
)
def test_what_a_library_says_is_shown_without_secrets(text):
    address = InputAddress("https://usr1:p%40ssword@host/in?sig=abc%2Fdef")
    hidden = address.hide(text)
    for secret in ("usr1", "us%65r", "p@ssword", "p%40ssword", "abc/def", "abc%2Fdef"):
        assert secret not in hidden
    assert "***" in hidden
    assert address.cause(OSError(text)) is None


def test_without_credentials_nothing_is_changed():
    error = OSError("s3://bucket/a?b is gone")
    for raw in ("s3://bucket/in", "data/raw"):
        assert InputAddress(raw).hide(str(error)) == str(error)
        assert InputAddress(raw).cause(error) is error


def test_a_local_folder_is_one_whatever_its_name_looks_like(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:" / "KEYID:SECRET@bucket").mkdir(parents=True)
    address = InputAddress("s3://KEYID:SECRET@bucket")
    assert address.local == tmp_path / "s3:" / "KEYID:SECRET@bucket"
    assert str(address) == "s3://KEYID:SECRET@bucket"
    assert InputAddress("s3://KEYID:SECRET@elsewhere").local is None
    assert InputAddress(f"file://{tmp_path}/in").local == tmp_path / "in"


def test_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert InputAddress("~/in").local == tmp_path / "in"
    assert InputAddress("~nobody-of-that-name/in").local.name == "in"
