"""The connection to somebody's scheduler: does it answer, in our language, and let us in?

Dask tries a connection that is refused over and over, until nothing but the time is known. Here it
is opened once by hand, as far as the first byte: a Dask server greets whoever it lets in.
"""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

from distributed.comm import parse_address
from distributed.comm.addressing import parse_host_port
from distributed.security import Security

from sweep_dask.errors import ResourceError, UsageError

if TYPE_CHECKING:
    from sweep_dask.settings import Settings


#: How long a scheduler that takes the connection may be silent before it is asked whether it
#: waits for a TLS handshake. Arbitrary; a busy one is only asked in vain.
_SILENCE_SECONDS = 1

_PAUSE_SECONDS = 0.2

#: What OpenSSL calls an answer that is not TLS.
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


def require_greeting(address: str, security: Security, patience_seconds: float) -> None:
    """Wait for a scheduler to greet this client.

    `address`: with its protocol; of others than `tcp` and `tls` nothing is known here.
    `patience_seconds`: how long nobody may answer. A refusal is told at once.
    Raises ResourceError: the scheduler rejects this client, or the other way round, or one of them
    does not encrypt.
    Raises OSError, ValueError: nobody answers; the address is none.
    """
    scheme, location = parse_address(address)
    if scheme not in {"tcp", "tls"}:
        return
    place = parse_host_port(location)
    deadline = time.monotonic() + patience_seconds
    if scheme == "tls":
        context = security.get_connection_args("client")["ssl_context"]
        with _connected(place, deadline) as connection:
            _greeting_of_tls(connection, context, address)
    else:
        with _connected(place, deadline) as connection:
            _plain_greeting(connection, place, deadline, address)


def _connected(place: tuple[str, int], deadline: float) -> socket.socket:
    """A connection, tried again while it is refused: the scheduler may be starting."""
    while True:
        left_seconds = max(deadline - time.monotonic(), _PAUSE_SECONDS)
        try:
            connection = socket.create_connection(place, timeout=left_seconds)
        except OSError:
            if time.monotonic() + _PAUSE_SECONDS > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            connection.settimeout(max(deadline - time.monotonic(), _PAUSE_SECONDS))
            return connection


def _greeting_of_tls(connection: socket.socket, context: ssl.SSLContext, address: str) -> None:
    try:
        with context.wrap_socket(connection) as encrypted:
            # In TLS 1.3 a server checks the client's certificate after the handshake.
            if encrypted.recv(1):
                return
    except ssl.SSLCertVerificationError as error:
        raise ResourceError(
            f"The scheduler's certificate is not trusted: {error.verify_message}.",
            where=address,
            cure="name the authority that has signed it: --tls-ca-file",
        ) from error
    except ssl.SSLError as error:
        if error.reason in _NOT_TLS:
            raise ResourceError(
                "The scheduler does not encrypt its connections.",
                where=address,
                cure="name it tcp://… and leave the certificates out; or start it with TLS",
            ) from error
        raise _rejected(address, error.reason) from error
    except ConnectionError as error:
        raise _rejected(address, "it closed the connection") from error
    raise _rejected(address, "it closed the connection")


def _plain_greeting(
    connection: socket.socket, place: tuple[str, int], deadline: float, address: str
) -> None:
    patience_seconds = connection.gettimeout() or 0
    connection.settimeout(min(_SILENCE_SECONDS, patience_seconds))
    try:
        connection.recv(1)
    except TimeoutError:
        if _speaks_tls(place, deadline):
            raise ResourceError(
                "The scheduler encrypts its connections, and tcp:// does not.",
                where=address,
                cure="name it tls://… and give --tls-ca-file, --tls-cert and --tls-key",
            ) from None


def _speaks_tls(place: tuple[str, int], deadline: float) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is said or believed
    with _connected(place, deadline) as connection:
        connection.settimeout(_SILENCE_SECONDS)
        try:
            context.wrap_socket(connection).close()
        except ssl.SSLError as error:
            return error.reason not in _NOT_TLS
        except OSError:
            return False
        return True


def _rejected(address: str, reason: Any) -> ResourceError:
    return ResourceError(
        "The scheduler rejects this client's certificate.",
        where=address,
        cure="show one that is signed by the scheduler's authority: --tls-cert and --tls-key",
        value=str(reason),
    )


_OPTIONS = {
    "tls_ca_file": "--tls-ca-file",
    "tls_client_cert": "--tls-cert",
    "tls_client_key": "--tls-key",
}


def secured(settings: Settings, address: str) -> tuple[str, Security]:
    """The address with its protocol, and the certificates for it.

    The options come before Dask's own configuration (`distributed.comm.tls`), one by one. With any
    of them, or where Dask's configuration says so, encryption is required.

    Raises UsageError: a file is not there or cannot be used, something is missing, or the address
    is not one of an encrypted connection.
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
