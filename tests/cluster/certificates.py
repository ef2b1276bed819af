"""Certificates of an authority, as an operator of a cluster would make them."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificates(NamedTuple):
    """Files of one authority and of one member of its cluster."""

    ca_file: str
    cert: str
    key: str

    @property
    def for_dask(self):
        """Options of `dask scheduler` and `dask worker`."""
        return ["--tls-ca-file", self.ca_file, "--tls-cert", self.cert, "--tls-key", self.key]

    @property
    def settings(self):
        return {"tls_ca_file": self.ca_file, "tls_cert": self.cert, "tls_key": self.key}


def make_certificates(folder):
    """A new authority, and a certificate that it has signed, below `folder`."""
    folder.mkdir()
    authority_key, member_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _signed("authority", authority_key, "authority", authority_key, is_authority=True)
    member = _signed("member", member_key, "authority", authority_key, is_authority=False)
    pem = serialization.Encoding.PEM
    texts = {
        "ca.pem": authority.public_bytes(pem),
        "cert.pem": member.public_bytes(pem),
        "key.pem": member_key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    return Certificates(*(str(folder / name) for name in texts))


def _signed(name, key, issuer, issuer_key, *, is_authority):
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
