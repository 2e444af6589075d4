"""marimo behind the Jupyter server: who may pass, and the credentials that a passed request gets.

jupyter-server-proxy's handlers carry the traffic. Its own supervision of processes is not used: it replaces the
server's signal handlers, and asks neither the Authorizer nor for a request's origin (docs/adr/0003-marimo-proxy.md).
"""

from __future__ import annotations

from typing import Any

from jupyter_server.utils import ensure_async
from jupyter_server_proxy.handlers import NamedLocalProxyHandler
from tornado.web import HTTPError

from daglab.errors import ProcessError
from daglab.server.marimo_process import URL_PART
from daglab.server.services import SETTING, Services

_OWN_SITE = ("same-origin", "none")


class MarimoProxyHandler(NamedLocalProxyHandler):  # type: ignore[misc] # jupyter-server-proxy has no types
    """All of ``daglab/marimo/``, HTTP and websockets."""

    auth_resource = "daglab.marimo"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, absolute_url=True, **kwargs)
        self.proxy_base = URL_PART

    @property
    def services(self) -> Services:
        """What the extension set up."""
        services = self.settings[SETTING]
        assert isinstance(services, Services)
        return services

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Let nobody pass but an authorized user, from a page of this server."""
        await super().prepare(*args, **kwargs)
        if self._finished:  # anonymous, redirected to the login page
            return
        self._refuse_other_sites()
        allowed = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "execute", self.auth_resource)
        )
        if not allowed:
            raise HTTPError(403, "User is not authorized to execute on resource: %s", self.auth_resource)
        if self.services.read_only:
            raise HTTPError(403, "marimo can change notebooks: daglab is set to read only")

    def _refuse_other_sites(self) -> None:
        """The proxy takes the cookie without an XSRF token, so the browser must say where a request comes from."""
        site = self.request.headers.get("Sec-Fetch-Site")
        if site is not None and site not in _OWN_SITE:
            raise HTTPError(403, "the request comes from another site")
        if not self.check_origin():
            raise HTTPError(403, "the request comes from another origin")

    async def proxy(self, port: int, path: str) -> None:  # noqa: ARG002 # the port is known once marimo lives
        """Start marimo where it does not run, then pass the request on."""
        await super().proxy(await self._marimo_port(), path)

    async def open(self, path: str) -> None:
        """The same for a websocket."""
        self.port = await self._marimo_port()
        await super().open(path)
        self.services.marimo.look()

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


HANDLERS: list[tuple[str, type[Any]]] = [(rf"/{URL_PART}(/.*)", MarimoProxyHandler)]
