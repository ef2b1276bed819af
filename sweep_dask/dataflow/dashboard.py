"""The dashboard of our own cluster: its address, and who is answered.

A dashboard has no password, and every page of the web may tell a browser to open an address of
this machine. So requests are answered only if they name this dashboard as their host, which a page
under a name of its own cannot do (DNS rebinding), and if they do not come from a page of another
origin, which is how a browser marks what such a page asks for, websockets included.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import psutil
from bokeh.document import Document
from bokeh.io.doc import patch_curdoc
from distributed import Scheduler
from distributed.utils import format_dashboard_link
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler

from sweep_dask.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from tornado.httputil import HTTPServerRequest

logger = logging.getLogger(__name__)

#: How many ports after the wanted one are tried before any free one is taken.
_PORTS_TO_TRY = 100


class DashboardAddress(NamedTuple):
    """Where a dashboard listens."""

    host: str
    """A name or address, IPv6 without brackets."""
    port: int
    """0: any free one."""

    @property
    def names(self) -> set[str]:
        """What a request may call the host."""
        return own_names() if self.is_everywhere else {self.host.casefold()}

    @property
    def is_everywhere(self) -> bool:
        """Whether it is every address of this machine."""
        address = _ip_address(self.host)
        return address is not None and address.is_unspecified

    @property
    def is_private(self) -> bool:
        """Whether only this machine reaches it."""
        address = _ip_address(self.host)
        return self.host == "localhost" if address is None else address.is_loopback

    def link(self, port: int) -> str:
        """The page to open in a browser of this machine, the dashboard listening on `port`."""
        host = self.host
        if self.is_everywhere:
            host = "::1" if ":" in host else "127.0.0.1"
        return str(format_dashboard_link(f"[{host}]" if ":" in host else host, port))


def dashboard_address(setting: str) -> DashboardAddress:
    """The address of the setting, at its port or the next free one.

    Raises UsageError: nothing can listen there.
    """
    host, _, port = setting.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    address = DashboardAddress(host, free_port(host, int(port)))
    if not address.is_private:
        logger.warning(
            "the dashboard listens on %s: whoever reaches it reads everything that this run "
            "does, file names and code included; there is no password",
            setting,
        )
    return address


def free_port(host: str, wanted: int) -> int:
    """The wanted port if nothing listens on it, else the next free one; 0 if there is none near.

    Raises UsageError: the host is not of this machine.
    """
    for port in range(wanted, min(wanted + _PORTS_TO_TRY, 2**16)):
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                # As the server will: a port in TIME_WAIT can be taken.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            raise UsageError(
                "The dashboard cannot listen on this address.",
                where="--dashboard-address",
                value=f"{host}:{wanted}",
                cure=f"{error.strerror or error}: name an address of this machine and a port "
                "above 1023.",
            ) from error
        return port
    return 0


def own_names() -> set[str]:
    """Names and addresses of this machine."""
    interfaces = psutil.net_if_addrs().values()
    addresses = {address.address.partition("%")[0] for found in interfaces for address in found}
    return {name.casefold() for name in (*addresses, socket.gethostname(), "localhost")}


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


class GuardedScheduler(Scheduler):  # type: ignore[misc]  # Dask is Any to us
    """A scheduler whose dashboard answers nobody else, from its first moment on."""

    def start_http_server(
        self, routes: Any, dashboard_address: DashboardAddress, *more: Any, **named: Any
    ) -> None:
        """As Dask's own, with a rule before all others."""
        super().start_http_server(routes, dashboard_address, *more, **named)
        rules = self.http_application.default_router.rules
        rules.insert(0, Rule(_Foreign(DashboardAddress(*dashboard_address).names), _Refused))

    async def performance_report(self, *arguments: Any, **named: Any) -> str:
        """As Dask's own, beside a page that has failed: its document stays the current one."""
        document = Document()
        with patch_curdoc(document):
            return str(await super().performance_report(*arguments, **named))


class _Foreign(Matcher):
    """Matches requests for another host, or from a page of another origin."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        host = request.headers.get("Host", "").casefold()
        if _host_name(host) not in self._names:
            return {}
        # A header for each way in which browsers have said where a websocket was asked for.
        origins = [request.headers.get(name) for name in ("Origin", "Sec-Websocket-Origin")]
        own = {None, f"http://{host}", f"https://{host}"}
        return None if own.issuperset(origins) else {}


def _host_name(host: str) -> str | None:
    """The name in a `Host` header, without port and brackets; None if it makes no sense."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


class _Refused(RequestHandler):
    def prepare(self) -> None:
        self.set_status(403)
        self.finish("This dashboard answers under its own address only.\n")
