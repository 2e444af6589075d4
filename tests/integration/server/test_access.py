"""Who may use daglab's routes: each one, taken from the live application."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import websocket_connect

from daglab.server.openapi import openapi
from daglab.server.routes import ROUTES
from tests.integration.server.live_routes import METHODS, live_routes

REST_DOCUMENT = Path(__file__).parents[3] / "docs" / "rest-api.md"


def test_the_routes_are_found(jp_serverapp: Any) -> None:
    routes = {route.resource: route for route in live_routes(jp_serverapp.web_app)}
    assert set(routes["api/marimo"].methods) == {"GET", "POST"}
    assert routes["api/marimo/{session}"].methods == ("DELETE",)
    assert routes["api/runs/{run_id}"].path({"run_id": "x"}).endswith("/daglab/api/runs/x")
    assert set(routes["marimo/{rest}"].methods) == set(METHODS)
    assert {name for name, route in routes.items() if route.is_socket} == {"marimo/{rest}", "api/events/socket"}


def test_the_documents_list_the_routes_that_exist(jp_serverapp: Any) -> None:
    live = {
        (method, route.resource.removeprefix("api/"))
        for route in live_routes(jp_serverapp.web_app)
        for method in route.methods
        if route.is_api and "{rest}" not in route.resource
    }
    documented = set(re.findall(r"^\| `([A-Z]+) ([^`]+)` \|", REST_DOCUMENT.read_text("utf-8"), re.MULTILINE))
    assert documented == live
    paths = openapi(ROUTES)["paths"]
    described = {(method.upper(), path[1:]) for path, methods in paths.items() for method in methods}
    assert described == live - {("GET", "events/socket")}  # OpenAPI has no words for a websocket


async def fetch(url: str, method: str, headers: dict[str, str]) -> HTTPResponse:
    body = "{}" if method in ("POST", "PUT", "PATCH") else None
    request = HTTPRequest(url, method=method, body=body, headers=headers, follow_redirects=False)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


@pytest.fixture
def address(http_server: Any, jp_serverapp: Any, jp_http_port: int) -> str:
    return f"http://127.0.0.1:{jp_http_port}"


async def test_anonymous_is_refused_everywhere(jp_serverapp: Any, address: str) -> None:
    for route in live_routes(jp_serverapp.web_app):
        for method in route.methods:
            response = await fetch(address + route.path(), method, {})
            if not route.is_api and method in ("GET", "HEAD"):  # a page, not the API: to the login page
                assert response.code == 302, (method, route)
                assert response.headers["Location"].startswith("/a%40b/login?"), (method, route)
            else:
                assert response.code == 403, (method, route)


async def test_an_anonymous_websocket_is_refused(jp_serverapp: Any, address: str) -> None:
    for route in live_routes(jp_serverapp.web_app):
        if route.is_socket:
            with pytest.raises(HTTPClientError) as caught:
                await websocket_connect(address.replace("http", "ws") + route.path())
            assert caught.value.code == 403


class DenyDaglab(Authorizer):
    """Lets everything pass but daglab's resources; ``asked`` has what it was asked."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return not resource.startswith("daglab.")


@pytest.fixture
def denying(jp_serverapp: Any) -> Iterator[DenyDaglab]:
    authorizer = DenyDaglab(parent=jp_serverapp, identity_provider=jp_serverapp.identity_provider)
    before = jp_serverapp.web_app.settings["authorizer"]
    jp_serverapp.web_app.settings["authorizer"] = authorizer
    authorizer.asked.clear()
    yield authorizer
    jp_serverapp.web_app.settings["authorizer"] = before


async def test_a_denying_authorizer_denies_everything(
    jp_serverapp: Any, denying: DenyDaglab, address: str, jp_auth_header: dict[str, str]
) -> None:
    for route in live_routes(jp_serverapp.web_app):
        for method in route.methods:
            response = await fetch(address + route.path(), method, jp_auth_header)
            assert response.code == 403, (method, route)
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            if method != "HEAD":
                assert json.loads(response.body)["error"]["code"] == "http-403"
    assert {("read", "daglab.assets"), ("execute", "daglab.runs"), ("execute", "daglab.marimo")} <= set(denying.asked)


async def test_a_denying_authorizer_denies_the_websockets(
    jp_serverapp: Any, denying: DenyDaglab, address: str, jp_auth_header: dict[str, str]
) -> None:
    for route in live_routes(jp_serverapp.web_app):
        if route.is_socket:
            url = address.replace("http", "ws") + route.path()
            with pytest.raises(HTTPClientError) as caught:
                await websocket_connect(HTTPRequest(url, headers=jp_auth_header))
            assert caught.value.code == 403


async def test_what_does_not_exist_is_told_in_json(jp_fetch: Any) -> None:
    for path in ("nothing", "<script>alert(1)</script>", "runs/x/y"):
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("daglab", "api", *path.split("/"))
        response = caught.value.response
        assert response is not None
        assert response.code == 404
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert json.loads(response.body)["error"]["code"] == "http-404"
        assert b"<script>" not in response.body
