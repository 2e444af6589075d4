"""The ports of Dagster and marimo under jupyter-server-proxy's own routes, ``/proxy/<port>/``.

Those ask no Authorizer and take a cookie without an XSRF token, whoever's page sent it: a page of another site could
launch runs. Requests to these ports are taken before they get there. All other ports stay jupyter-server-proxy's.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import unquote, urlsplit

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from jupyter_server_proxy.config import ServerProxy
from jupyter_server_proxy.handlers import RemoteProxyHandler
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, PathMatches, Rule
from tornado.web import HTTPError

from daglab.config_model import Dagster
from daglab.server.proxy_gate import GatedProxyHandler
from daglab.server.services import Services

_PROXY = "jupyter_server_proxy"
_PATHS = r"/proxy/(absolute/|)(?:([^/:@]+):|)(\d+)(/.*|)"
"""All of jupyter-server-proxy's, after the base URL, which it takes for a regular expression too."""
_PORTS = 1 << 16
_LONGEST_PORT = 20


def guard_known_ports(server: ServerApp, services: Services) -> None:
    """Take the requests to known ports from jupyter-server-proxy, where that extension is on. Once all are loaded."""
    extension = server.extension_manager.extensions.get(_PROXY)
    if extension is not None and extension.enabled:
        rule = Rule(KnownPort(server.base_url, services, ServerProxy(parent=server)), KnownPortHandler)
        server.web_app.default_router.rules.insert(0, rule)


class KnownPort(Matcher):
    """Matches a request to Dagster's or marimo's port on this machine, and no other."""

    def __init__(self, base_url: str, services: Services, proxy: ServerProxy) -> None:
        self._paths = PathMatches(url_path_join(base_url, _PATHS))
        self._services = services
        self._known: set[tuple[str, int]] = set()
        self._dagsters()
        self._options = {
            "host_allowlist": proxy.host_allowlist,
            "rewrite_response": proxy.non_service_rewrite_response,
        }

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """What the handler gets; None for another request."""
        found = self._paths.match(request)
        if found is None:
            return None
        # Unquoted, as the proxy gets them.
        absolute, host, port, path = ((part or b"").decode("utf-8", "replace") for part in found["path_args"])
        host = host or "localhost"
        if (owner := self._owner(host.lower().rstrip("."), port)) is None:
            return None
        options = {**self._options, "absolute_url": bool(absolute), "owner": owner}
        return {"path_args": [host, port, path], "target_kwargs": options}

    def _owner(self, host: str, digits: str) -> str | None:
        """Whose port that is, dagster's or marimo's."""
        if len(digits.lstrip("0")) > _LONGEST_PORT:  # nothing connects to it
            return None
        port = int(digits) % _PORTS  # as the C library counts
        here = _is_here(host)
        if here and port == self._services.marimo.port:
            return "marimo"
        if any(port == its_port and (here or host == its_host) for its_host, its_port in self._dagsters()):
            return "dagster"
        return None

    def _dagsters(self) -> set[tuple[str, int]]:
        """All that were configured since the start: a configuration that becomes wrong opens no way to any."""
        live = self._services.live
        config = Dagster() if live.error else live.config.dagster
        parts = urlsplit(config.address)
        self._known.add((parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)))
        return self._known


def _is_here(host: str) -> bool:
    """Whether a host, in lower case, is this machine, in any spelling that a connection takes: ``0x7f.1`` is one."""
    try:
        address = ipaddress.ip_address(socket.inet_aton(host))
    except OSError:
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return "localhost" in host or host == socket.gethostname().lower()
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


class KnownPortHandler(GatedProxyHandler, RemoteProxyHandler):  # type: ignore[misc] # no types
    """Dagster for those who may execute ``daglab.dagster``; marimo for nobody: it has a route of its own."""

    auth_resource = "daglab.dagster"

    def __init__(self, *args: Any, owner: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Refuse marimo's port, and what a link on a page of another site could do, to those who may know of them."""
        await super().prepare(*args, **kwargs)
        if self._finished:  # anonymous, redirected to the login page
            return
        if self._owner == "marimo":
            raise HTTPError(403, "marimo is reached below daglab/marimo/ only.")
        # Over plain http a browser doesn't say which site a link was on, and Dagster takes mutations from an address.
        if self.request.method == "GET" and self.request.query and "graphql" in unquote(self.request.path):
            raise HTTPError(403, "GraphQL is taken by POST only.")
