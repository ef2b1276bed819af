"""Schedulers that speak TLS, with real certificates: who is let in, and what is said to others."""

import dask
import pytest
from cluster.certificates import make_certificates
from cluster.schedulers import address_in, remote_cluster
from running import result_files, run_here, run_program

from sweep_dask.dataflow import remote_cluster as connecting
from sweep_dask.errors import ResourceError, UsageError
from sweep_dask.settings import load_settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates") / "ours")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates") / "theirs")


@pytest.fixture(scope="module")
def encrypted(ours, tmp_path_factory):
    """A scheduler with a worker that asks for certificates of our authority."""
    with remote_cluster(tmp_path_factory.mktemp("encrypted"), 1, tls=ours) as file:
        yield address_in(file)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    with remote_cluster(tmp_path_factory.mktemp("plain"), 0) as file:
        yield address_in(file)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Who waits for these schedulers waits beyond the limit of time of a test."""
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 3_600)


def refused(kind, plain_input, tmp_path, **settings):
    with pytest.raises(kind) as caught:
        run_here(plain_input, tmp_path / "output", **settings)
    assert not (tmp_path / "output").exists()
    return str(caught.value)


def test_certificates_give_the_same_bytes(plain_input, plain_result, encrypted, ours, tmp_path):
    given = ["--tls-ca-file", ours.ca_file, "--tls-cert", ours.cert, "--tls-key", ours.key]
    done = run_program(
        *("run", plain_input, "-o", "output", "--scheduler", encrypted, *given), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert result_files(tmp_path / "output") == result_files(plain_result.output)


def computes(folder, **settings):
    """Whether a client with these settings has something computed on the cluster."""
    loaded = load_settings(settings, {}, folder)
    with connecting.remote_cluster(loaded, None, pytest.fail) as cluster:
        return cluster.client.submit(pow, 2, 5).result(timeout=60) == 32


def test_the_protocol_may_be_left_out(encrypted, ours, tmp_path):
    address = encrypted.removeprefix("tls://")
    assert computes(tmp_path, scheduler=address, **ours.settings)


def test_encryption_by_dasks_own_configuration(encrypted, ours, tmp_path, plain_input):
    configured = {
        "distributed.comm.require-encryption": True,
        "distributed.comm.tls.ca-file": ours.ca_file,
        "distributed.comm.tls.client.cert": ours.cert,
        "distributed.comm.tls.client.key": ours.key,
    }
    with dask.config.set(configured):
        assert computes(tmp_path, scheduler=encrypted)
        # And our own cluster, whose certificate is its own.
        assert run_here(plain_input, tmp_path / "p", workers=1).exit_code == 0
    # An option fills the gap, the rest is as configured.
    with dask.config.set(configured | {"distributed.comm.tls.ca-file": None}):
        assert computes(tmp_path, scheduler=encrypted, tls_ca_file=ours.ca_file)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((), "--tls-ca-file and --tls-cert are missing"),
        (("tls_ca_file",), "--tls-cert is missing"),
        (("tls_cert", "tls_key"), "--tls-ca-file is missing"),
    ],
)
def test_what_is_missing_is_named(encrypted, ours, tmp_path, plain_input, given, missing):
    settings = {name: ours.settings[name] for name in given}
    text = refused(UsageError, plain_input, tmp_path, scheduler=encrypted, **settings)
    assert missing in text
    assert encrypted in text


def test_files_that_cannot_be_used_are_named(encrypted, ours, theirs, tmp_path, plain_input):
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense\n")
    wrong = {
        "tls_ca_file": str(nonsense),
        "tls_cert": str(nonsense),
        "tls_key": theirs.key,  # not that of our certificate
    }
    for name, file in wrong.items():
        given = {"scheduler": encrypted, **ours.settings, name: file}
        text = refused(UsageError, plain_input, tmp_path, **given)
        assert "cannot be used" in text
        assert file in text
    given = {"scheduler": encrypted, **ours.settings, "tls_key": str(tmp_path / "gone.pem")}
    assert "No such file" in refused(UsageError, plain_input, tmp_path, **given)


def test_a_rejection_is_told_as_what_it_is(encrypted, ours, theirs, tmp_path, plain_input):
    stranger = {"tls_ca_file": ours.ca_file, "tls_cert": theirs.cert, "tls_key": theirs.key}
    text = refused(ResourceError, plain_input, tmp_path, scheduler=encrypted, **stranger)
    assert "The scheduler rejects this client's certificate." in text
    distrust = ours.settings | {"tls_ca_file": theirs.ca_file}
    text = refused(ResourceError, plain_input, tmp_path, scheduler=encrypted, **distrust)
    assert "The scheduler's certificate is not trusted" in text


def test_one_side_that_does_not_encrypt(encrypted, plain, ours, tmp_path, plain_input):
    address = encrypted.replace("tls://", "tcp://")
    text = refused(ResourceError, plain_input, tmp_path, scheduler=address)
    assert "The scheduler encrypts its connections" in text
    address = plain.replace("tcp://", "tls://")
    text = refused(ResourceError, plain_input, tmp_path, scheduler=address, **ours.settings)
    assert "The scheduler does not encrypt its connections." in text
    text = refused(UsageError, plain_input, tmp_path, scheduler=plain, **ours.settings)
    assert "tls://" in text


def test_certificates_without_a_scheduler_are_an_error(ours, tmp_path, plain_input):
    done = run_program("run", plain_input, "--tls-ca-file", ours.ca_file, cwd=tmp_path)
    assert done.returncode == 2
    assert "--tls-ca-file is for a scheduler, and none is named." in done.stderr
