"""Credentials in the address of an input are in nothing that a run shows or leaves."""

from __future__ import annotations

from typing import ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from markets import plain_market
from running import invoke

ADDRESS = "vault://KEYIDENT:SEC/RETWORD@bucket/market?token=TOKENVALUE"
SECRETS = (b"KEYIDENT", b"RETWORD", b"TOKENVALUE")


class RefusedError(Exception):
    """As clients of object stores have them: of no class of Python's own."""


class Vault(MemoryFileSystem):
    """A store whose errors tell the whole address."""

    protocol = "vault"
    store: ClassVar = {}
    pseudo_dirs: ClassVar = [""]
    failing = None

    @classmethod
    def _strip_protocol(cls, path):
        path = path.rpartition("@")[2].partition("?")[0].removeprefix("vault://")
        return "/" + path.strip("/")

    def _fail(self, operation):
        if Vault.failing == operation:
            raise RefusedError(f"403 for {ADDRESS}/orders: bad key KEYIDENT, token TOKENVALUE")

    def ls(self, path, detail=True, **options):
        self._fail("list")
        return super().ls(path, detail=detail, **options)

    def _open(self, path, mode="rb", **options):
        self._fail("open")
        stream = super()._open(path, mode, **options)
        read = type(stream).read

        def refusing(*arguments):
            self._fail("read")
            return read(stream, *arguments)

        stream.read = refusing
        return stream


@pytest.fixture
def vault(tmp_path, monkeypatch):
    fsspec.register_implementation("vault", Vault, clobber=True)
    monkeypatch.chdir(tmp_path)
    folder = plain_market(sweeps=2).write(tmp_path / "in")
    for path in folder.rglob("*.csv"):
        fsspec.filesystem("vault").pipe(
            f"/bucket/market/{path.relative_to(folder).as_posix()}", path.read_bytes()
        )
    yield Vault
    Vault.failing = None
    Vault.store.clear()


def told(done):
    assert "***@bucket/market" in done.stdout + done.stderr
    return (done.stdout + done.stderr).encode()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_run_tells_and_leaves_none(vault, tmp_path, options):
    done = invoke("run", ADDRESS, "-o", "out", "--no-parallel", "--debug", "--profile", *options)
    assert done.exit_code == 0, done.output
    left = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(left) > 20
    for data in (*left, (done.stdout + done.stderr).encode()):
        assert not any(secret in data for secret in SECRETS)
    assert any(b"vault://***@bucket/market?token=***" in data for data in left)
    told(invoke("plan", ADDRESS, *options))


@pytest.mark.parametrize("operation", ["list", "open", "read"])
def test_a_refusal_tells_none(vault, operation):
    vault.failing = operation
    done = invoke("run", ADDRESS, "-o", "out", "--no-parallel", "--debug")
    assert done.exit_code == 3, done.output
    text = told(done)
    assert b"403 for vault://***@bucket/market?token=***" in text
    assert not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize("nth", [1, 4, 7, 8, 9, 13])
def test_a_refusal_at_any_time_names_the_file(vault, monkeypatch, nth):
    """From some moment on, while headers, samples, blocks or digests are read."""
    reads = iter(range(1, 1_000))

    def fail(self, operation):
        if operation == "read" and next(reads) >= nth:
            raise RefusedError(f"403 for {ADDRESS}")

    monkeypatch.setattr(Vault, "_fail", fail)
    done = invoke("run", ADDRESS, "-o", "out", "--no-parallel", "--model", "time-priority")
    assert done.exit_code == 3, done.output
    assert ".csv" in done.stderr
    text = told(done)
    assert b"403 for vault://***@bucket/market?token=***" in text
    assert not any(secret in text for secret in SECRETS)


def test_an_input_that_is_not_there_tells_none(vault):
    done = invoke("run", ADDRESS.replace("market", "market/nowhere"), "-o", "out", "--debug")
    assert done.exit_code == 3, done.output
    assert not any(secret in told(done) for secret in SECRETS)
