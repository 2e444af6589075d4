"""The ports of Dagster and marimo under jupyter-server-proxy's own routes, ``/proxy/<port>/``.

Those ask no Authorizer and take a cookie without an XSRF token, whoever's page sent it: a page of another site could
launch runs. Requests to these ports are taken before they get there. All other ports stay jupyter-server-proxy's.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from jupyter_server.serverapp import ServerApp
from jupyter_server_proxy.config import ServerProxy
from jupyter_server_proxy.handlers import RemoteProxyHandler
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import HTTPError

from daglab.config_model import Dagster
from daglab.server.proxy_gate import GatedProxyHandler
from daglab.server.services import Services

_PROXY = "jupyter_server_proxy"
_PATH = re.compile(r"proxy/(?P<absolute>absolute/)?(?:(?P<host>[^/:@]+):)?(?P<port>[0-9]+)(?P<path>/.*|)")


def guard_known_ports(server: ServerApp, services: Services) -> None:
    """Take the requests to known ports from jupyter-server-proxy, where that extension is on. Once all are loaded."""
    extension = server.extension_manager.extensions.get(_PROXY)
    if extension is not None and extension.enabled:
        rule = Rule(KnownPort(server.base_url, services, ServerProxy(parent=server)), KnownPortHandler)
        server.web_app.default_router.rules.insert(0, rule)


class KnownPort(Matcher):
    """Matches a request to Dagster's or marimo's port on this machine, and no other."""

    def __init__(self, base_url: str, services: Services, proxy: ServerProxy) -> None:
        self._base_url = base_url
        self._services = services
        self._known: set[tuple[str, int]] = set()
        self._dagsters()
        self._options = {
            "host_allowlist": proxy.host_allowlist,
            "rewrite_response": proxy.non_service_rewrite_response,
        }

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """What the handler gets; None for another request."""
        if not request.path.startswith(self._base_url):
            return None
        found = _PATH.fullmatch(request.path[len(self._base_url) :])
        if found is None:
            return None
        host, port = found["host"] or "localhost", int(found["port"])
        if port == self._services.marimo.port and _is_here(host):
            owner = "marimo"
        elif any(port == its_port and (host == its_host or _is_here(host)) for its_host, its_port in self._dagsters()):
            owner = "dagster"
        else:
            return None
        options = {**self._options, "absolute_url": bool(found["absolute"]), "owner": owner}
        return {"path_args": [host, str(port), found["path"]], "target_kwargs": options}

    def _dagsters(self) -> set[tuple[str, int]]:
        """All that were configured since the start: a configuration that becomes wrong opens no way to any."""
        live = self._services.live
        config = Dagster() if live.error else live.config.dagster
        parts = urlsplit(config.address)
        self._known.add((parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)))
        return self._known


def _is_here(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
        return address.is_loopback or address.is_unspecified
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


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
