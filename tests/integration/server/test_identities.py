"""Password login and a custom identity provider: who is let in is let in everywhere, and nobody else anywhere."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import pytest
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider, User
from jupyter_server.auth.security import passwd
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.web import HTTPError
from tornado.websocket import websocket_connect

from tests.integration.server.live_routes import LiveRoute, live_routes

PASSWORD = "canary-password-71c0"


class HeaderIdentityProvider(IdentityProvider):
    """As behind a proxy that names the user: whoever the header names."""

    def get_user(self, handler: Any) -> User | None:
        name = handler.request.headers.get("X-User")
        return User(username=name) if name else None


class OnlyAda(Authorizer):
    asked: ClassVar[list[str]] = []

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        self.asked.append(user.username)
        return user.username == "ada"


@pytest.fixture
def address(http_server: Any, jp_serverapp: Any, jp_http_port: int) -> str:
    return f"http://127.0.0.1:{jp_http_port}"


@pytest.fixture
def routes(jp_serverapp: Any) -> list[LiveRoute]:
    # Whoever is let in starts no editor here: each route is asked in a way that it refuses at once.
    return live_routes(jp_serverapp.web_app)


async def fetch(url: str, method: str, headers: dict[str, str], body: str | None = None) -> HTTPResponse:
    if method in ("POST", "PUT", "PATCH") and body is None:
        body = "not json"
    request = HTTPRequest(url, method=method, body=body, headers=headers, follow_redirects=False)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def socket_code(url: str, headers: dict[str, str]) -> int:
    """101, or the status with which the websocket is refused."""
    try:
        socket = await websocket_connect(HTTPRequest(url.replace("http", "ws", 1), headers=headers))
    except HTTPClientError as error:
        return error.code
    socket.close()
    return 101


class TestPassword:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        return {
            "ServerApp": {
                "jpserver_extensions": {"daglab.server": True},
                "identity_provider_class": PasswordIdentityProvider,
            },
            "IdentityProvider": {"token": ""},
            "PasswordIdentityProvider": {"hashed_password": passwd(PASSWORD, "sha256")},
        }

    async def log_in(self, address: str, base: str, password: str) -> dict[str, str]:
        """The headers of a browser that has sent the login form."""
        page = await fetch(f"{address}{base}login", "GET", {})
        xsrf = re.search(r"_xsrf=([^;]+)", page.headers["Set-Cookie"])
        assert xsrf
        form = {"Cookie": f"_xsrf={xsrf[1]}", "Content-Type": "application/x-www-form-urlencoded"}
        answer = await fetch(f"{address}{base}login", "POST", form, f"_xsrf={xsrf[1]}&password={password}")
        cookies = [one.partition(";")[0] for one in answer.headers.get_list("Set-Cookie")]
        return {"Cookie": "; ".join([f"_xsrf={xsrf[1]}", *cookies]), "X-XSRFToken": xsrf[1]}

    async def test_all_or_nothing(self, address: str, jp_base_url: str, routes: list[LiveRoute]) -> None:
        wrong = await self.log_in(address, jp_base_url, "wrong")
        right = await self.log_in(address, jp_base_url, PASSWORD)
        for route in [route for route in routes if route.is_api]:
            for method in route.methods:
                assert (await fetch(address + route.path(), method, wrong)).code == 403, (method, route)
                if not route.is_socket:
                    assert (await fetch(address + route.path(), method, right)).code != 403, (method, route)
            if route.is_socket:
                assert await socket_code(address + route.path(), wrong) == 403
                assert await socket_code(address + route.path(), right) == 101
        page = await fetch(f"{address}{jp_base_url}daglab/marimo/", "GET", wrong)
        assert page.code == 302


class TestCustomIdentity:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        return {
            "ServerApp": {
                "jpserver_extensions": {"daglab.server": True},
                "identity_provider_class": HeaderIdentityProvider,
                "authorizer_class": OnlyAda,
                "disable_check_xsrf": True,  # there are no cookies that a browser would add
            }
        }

    async def test_all_or_nothing(self, address: str, jp_base_url: str, routes: list[LiveRoute]) -> None:
        for route in routes:
            for method in route.methods:
                for user, code in (("", (403, 302)), ("eve", (403,))):
                    answer = await fetch(address + route.path(), method, {"X-User": user} if user else {})
                    assert answer.code in code, (user, method, route)
                if route.is_api and not route.is_socket:
                    answer = await fetch(address + route.path(), method, {"X-User": "ada"})
                    assert answer.code != 403, (method, route)
            if route.is_socket:
                assert await socket_code(address + route.path(), {}) == 403
                assert await socket_code(address + route.path(), {"X-User": "eve"}) == 403
        assert await socket_code(f"{address}{jp_base_url}daglab/api/events/socket", {"X-User": "ada"}) == 101
        assert set(OnlyAda.asked) == {"ada", "eve"}


class TestFailingIdentity:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        class Failing(IdentityProvider):
            def get_user(self, handler: Any) -> User | None:
                raise HTTPError(503, "the directory does not answer")

        return {
            "ServerApp": {
                "jpserver_extensions": {"daglab.server": True},
                "identity_provider_class": Failing,
                "disable_check_xsrf": True,
            }
        }

    async def test_nobody_gets_in(self, address: str, routes: list[LiveRoute]) -> None:
        for route in routes:
            for method in route.methods:
                answer = await fetch(address + route.path(), method, {})
                assert answer.code in (403, 503), (method, route)
            if route.is_socket:
                assert await socket_code(address + route.path(), {}) in (403, 503)
