"""What stands before every proxied port: login, the Authorizer, no other site, nothing while read only.

jupyter-server-proxy leaves the XSRF token to the proxied application and asks no Authorizer.
"""

from __future__ import annotations

from typing import Any, ClassVar

from jupyter_server_proxy.handlers import ProxyHandler
from tornado.web import HTTPError

from daglab.server.handler import JsonErrors, refuse_unauthorized
from daglab.server.services import SETTING, Services

_OWN_SITE = ("same-origin", "none")
_READ_ONLY = "daglab is set to read only."
_POLICY_VIOLATION = 1008  # RFC 6455, 7.4


class GatedProxyHandler(JsonErrors, ProxyHandler):  # type: ignore[misc] # jupyter-server-proxy has no types
    """To be combined with one of jupyter-server-proxy's handlers; HTTP and websockets alike."""

    auth_resource: ClassVar[str]
    """What the Authorizer is asked to let ``execute``."""

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
        await refuse_unauthorized(self, "execute", self.auth_resource)
        await self.services.live.refresh()  # a page that is open asks for nothing else
        if self.services.read_only:
            raise HTTPError(403, f"Changes can be made behind this proxy: {_READ_ONLY}")

    def get_client_uri(self, *args: Any) -> str:
        """Where the request goes, without Jupyter's token: the proxied server has no use for it, and it is logged."""
        address, mark, query = super().get_client_uri(*args).partition("?")
        kept = "&".join(part for part in query.split("&") if part.partition("=")[0] != "token")
        return f"{address}{mark}{kept}" if kept else address

    async def on_message(self, message: str | bytes) -> None:
        """Pass on what a page sends over a socket that is open, unless that was forbidden meanwhile."""
        await self.services.live.refresh()
        if self.services.read_only:
            self.close(_POLICY_VIOLATION, _READ_ONLY)
        else:
            super().on_message(message)

    def _refuse_other_sites(self) -> None:
        """The proxy takes the cookie without an XSRF token, so the browser must say where a request comes from."""
        site = self.request.headers.get("Sec-Fetch-Site")
        if site is not None and site not in _OWN_SITE:
            raise HTTPError(403, "The request comes from another site.")
        if not self.check_origin():
            raise HTTPError(403, "The request comes from another origin.")
