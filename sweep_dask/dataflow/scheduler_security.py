"""How a connection to somebody's scheduler is encrypted, and whether everything for it is there."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from distributed.comm import parse_address
from distributed.security import Security

from sweep_dask.errors import UsageError

if TYPE_CHECKING:
    from sweep_dask.settings import Settings

_OPTIONS = {
    "tls_ca_file": "--tls-ca-file",
    "tls_client_cert": "--tls-cert",
    "tls_client_key": "--tls-key",
}


def secured(settings: Settings, address: str) -> tuple[str, Security]:
    """The address with its protocol, and the certificates for it.

    The options come before Dask's own configuration (`distributed.comm.tls`), one by one. With any
    of them, or where Dask's configuration says so, encryption is required.

    Raises
    ------
    UsageError
        A file is not there or cannot be used, something is missing, or the address is not one of
        an encrypted connection.
    """
    security = _security(settings)
    scheme, location = parse_address(address)
    if security.require_encryption and "://" not in address:
        scheme = "tls"
    if security.require_encryption and scheme == "tcp":
        raise UsageError(
            "Connections have to be encrypted, and tcp:// is not.",
            where=address,
            cure=f"if this scheduler speaks TLS, name it tls://{location}; "
            "else leave --tls-ca-file, --tls-cert and --tls-key out",
        )
    if security.require_encryption or scheme == "tls":
        _require_certificates(security, address)
    return f"{scheme}://{location}", security


def _security(settings: Settings) -> Security:
    files = {
        "tls_ca_file": settings.tls_ca_file,
        "tls_client_cert": settings.tls_cert,
        "tls_client_key": settings.tls_key,
    }
    given = {name: str(file) for name, file in files.items() if file is not None}
    for name, file in given.items():
        try:
            with open(file, "rb"):  # noqa: PTH123  the text that Dask will open
                pass
        except OSError as error:
            raise UsageError(
                f"A certificate or key of the cluster cannot be read: {error.strerror}.",
                where=file,
                cure=f"correct {_OPTIONS[name]}",
            ) from error
    return Security(**given, **({"require_encryption": True} if given else {}))


def _require_certificates(security: Security, address: str) -> None:
    needed = ("tls_ca_file", "tls_client_cert")
    missing = [_OPTIONS[name] for name in needed if not getattr(security, name)]
    if missing:
        raise UsageError(
            f"The connection to the scheduler is encrypted: {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing.",
            where=address,
            cure="give --tls-ca-file and --tls-cert, and --tls-key unless the key is in the file "
            "of the certificate; or set distributed.comm.tls in Dask's configuration",
        )
    try:
        security.get_connection_args("client")
    except (OSError, ValueError) as error:  # SSLError is an OSError
        reason = error.reason if isinstance(error, ssl.SSLError) else str(error)
        raise UsageError(
            "The certificates for the scheduler cannot be used: they have to be PEM files, and the "
            "key that of the certificate.",
            where=", ".join(filter(None, (getattr(security, name) for name in _OPTIONS))),
            value=reason,
            cure="correct --tls-ca-file, --tls-cert or --tls-key",
        ) from error
