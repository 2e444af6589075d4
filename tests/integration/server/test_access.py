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
from tornado.routing import RuleRouter
from tornado.web import RequestHandler
from tornado.websocket import websocket_connect

from daglab.server.openapi import openapi
from daglab.server.routes import ROUTES

REST_DOCUMENT = Path(__file__).parents[3] / "docs" / "rest-api.md"
SOCKETS = ("marimo/ws", "api/events/socket")
_EXAMPLES = ("run_id", "backfill_id", "session", "key", "name")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def daglab_routes(app: Any) -> list[tuple[str, str]]:
    """(method, path) of each method that a daglab route of the application implements."""
    found = []
    for pattern, handler in _rules(app.default_router):
        if "daglab" not in pattern or not issubclass(handler, RequestHandler):
            continue
        for method in METHODS:
            if getattr(handler, method.lower()) is not RequestHandler._unimplemented_method:
                found.append((method, _example(pattern)))
    return found


def _rules(router: RuleRouter) -> Iterator[tuple[str, Any]]:
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from _rules(rule.target)
        elif regex := getattr(rule.matcher, "regex", None):
            yield regex.pattern, rule.target


def _example(pattern: str) -> str:
    path = pattern.rstrip("$").replace("\\", "")
    for name in _EXAMPLES:
        path = re.sub(rf"\(\?P<{name}>[^)]*\)", f"some-{name}", path)
    path = path.replace("(?:/.*)?", "/anything").replace("(/.*)", "/")
    assert not re.search(r"[()*?{]", path), f"teach _example about {pattern}"
    return path


def test_the_routes_are_found(jp_serverapp: Any) -> None:
    routes = {(method, path.rsplit("/daglab/", 1)[1]) for method, path in daglab_routes(jp_serverapp.web_app)}
    assert {
        ("GET", "api/status"), ("GET", "api/assets"), ("POST", "api/runs"), ("GET", "api/runs/some-run_id"),
        ("POST", "api/marimo"), ("GET", "marimo/"), ("POST", "marimo/"), ("DELETE", "marimo/"),
    } <= routes  # fmt: skip


def test_the_documents_list_the_routes_that_exist(jp_serverapp: Any) -> None:
    live = {
        (method, re.sub(r"some-(\w+)", r"{\1}", path.split("/api/")[1]))
        for method, path in daglab_routes(jp_serverapp.web_app)
        if "/api/" in path and not path.endswith("/anything")
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
    for method, path in daglab_routes(jp_serverapp.web_app):
        response = await fetch(address + path, method, {})
        if path.endswith("/daglab/marimo/") and method in ("GET", "HEAD"):  # a page, not the API: to the login page
            assert response.code == 302, (method, path)
            assert response.headers["Location"].startswith("/a%40b/login?"), (method, path)
        else:
            assert response.code == 403, (method, path)


@pytest.mark.parametrize("socket", SOCKETS)
async def test_anonymous_websocket_is_refused(jp_serverapp: Any, jp_base_url: str, address: str, socket: str) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await websocket_connect(f"{address.replace('http', 'ws')}{jp_base_url}daglab/{socket}")
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
    for method, path in daglab_routes(jp_serverapp.web_app):
        response = await fetch(address + path, method, jp_auth_header)
        assert response.code == 403, (method, path)
        if "/api/" in path and method != "HEAD":
            assert json.loads(response.body)["error"]["code"] == "http-403"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert {("read", "daglab.assets"), ("execute", "daglab.runs"), ("execute", "daglab.marimo")} <= set(denying.asked)


@pytest.mark.parametrize("socket", SOCKETS)
async def test_a_denying_authorizer_denies_the_websocket(
    jp_serverapp: Any, denying: DenyDaglab, jp_base_url: str, address: str, jp_auth_header: dict[str, str], socket: str
) -> None:
    request = HTTPRequest(f"{address.replace('http', 'ws')}{jp_base_url}daglab/{socket}", headers=jp_auth_header)
    with pytest.raises(HTTPClientError) as caught:
        await websocket_connect(request)
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
