"""marimo behind the Jupyter server: who may pass, and the credentials that a passed request gets.

jupyter-server-proxy's handlers carry the traffic. Its own supervision of processes is not used: it replaces the
server's signal handlers, and asks neither the Authorizer nor for a request's origin (docs/adr/0003-marimo-proxy.md).
"""

from __future__ import annotations

from typing import Any

from jupyter_server_proxy.handlers import NamedLocalProxyHandler, RewritableResponse
from tornado.web import HTTPError

from daglab.errors import ProcessError
from daglab.server.marimo_process import URL_PART
from daglab.server.proxy_gate import GatedProxyHandler

_CODES_TO_SEND = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}  # RFC 6455, 7.4


class MarimoProxyHandler(GatedProxyHandler, NamedLocalProxyHandler):  # type: ignore[misc] # no types
    """All of ``daglab/marimo/``, HTTP and websockets."""

    auth_resource = "daglab.marimo"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, absolute_url=True, rewrite_response=_keep_cookies_back, **kwargs)
        self.proxy_base = URL_PART
        set_header = self.set_header  # an attribute, not a method, in jupyter-server-proxy

        def set_any_but_cookies(name: str, value: str) -> None:
            if name.lower() != "set-cookie":
                set_header(name, value)

        # What streamed answers go through.
        self.set_header = set_any_but_cookies  # type: ignore[method-assign, assignment]

    async def proxy(self, port: int, path: str) -> None:  # noqa: ARG002 # the port is known once marimo lives
        """Start marimo where it does not run, then pass the request on."""
        await super().proxy(await self._marimo_port(), path)

    async def open(self, path: str) -> None:
        """The same for a websocket."""
        self.port = await self._marimo_port()
        await super().open(path)
        self.services.marimo.look()

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the page's socket as marimo closed its own: told no reason, the page would open the notebook again."""
        marimos = getattr(self, "ws", None)
        if code is None and marimos is not None and marimos.close_code in _CODES_TO_SEND:
            code, reason = marimos.close_code, marimos.close_reason
        super().close(code, reason)

    def on_close(self) -> None:
        """The page was closed, or marimo ended."""
        super().on_close()
        self.services.marimo.look()

    async def _marimo_port(self) -> int:
        try:
            return await self.services.marimo.ensure()
        except ProcessError as error:
            raise HTTPError(502, "%s", error) from error

    def proxy_request_headers(self) -> dict[str, str]:
        """The request's headers with marimo's credentials in place of Jupyter's."""
        headers = super().proxy_request_headers()
        headers.pop("Cookie", None)
        headers.update(self.services.marimo.headers)
        return dict(headers)


def _keep_cookies_back(response: RewritableResponse) -> None:
    """marimo's cookie is a credential for it, which no browser needs: this server has the token."""
    response.headers.pop("Set-Cookie", None)


HANDLERS: list[tuple[str, type[Any]]] = [(rf"/{URL_PART}(/.*)", MarimoProxyHandler)]
