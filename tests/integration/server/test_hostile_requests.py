"""Requests made by other people's pages and by malicious links, on each route of the live application."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import websocket_connect

from daglab.processes import LOOPBACK, free_port
from tests.integration.server.live_routes import LiveRoute, live_routes

# Jupyter says so of each origin that only begins like the allowed one.
pytestmark = pytest.mark.filterwarnings("ignore:allow_origin_pat")

WITH_BODY = ("POST", "PUT", "PATCH")
HTML = "<script>alert(1)</script>"
OUTSIDE = ["//evil.example", "///evil.example", "\\evil.example", "https://evil.example", "%2F%2Fevil.example"]
TRAVERSALS = ["../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fetc%2fpasswd", "..\\..\\etc\\passwd",
              "/etc/passwd", "a%00.py", "nul", "C:%5Cx.py", "%ff%fe"]  # fmt: skip


@pytest.fixture
def jp_server_config(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("DAGLAB_DAGSTER__URL", f"http://{LOOPBACK}:{free_port()}")  # nobody answers
    monkeypatch.setenv("DAGLAB_READ_ONLY", "true")  # no editor is started
    return {"ServerApp": {"jpserver_extensions": {"daglab.server": True}, "log_level": "CRITICAL",
                          "allow_origin_pat": r"https://trusted\.example"}}  # fmt: skip


@pytest.fixture
def routes(jp_serverapp: Any) -> list[LiveRoute]:
    return live_routes(jp_serverapp.web_app)


@pytest.fixture
def address(http_server: Any, jp_serverapp: Any, jp_http_port: int) -> str:
    return f"http://127.0.0.1:{jp_http_port}"


async def fetch(url: str, method: str, headers: dict[str, str], body: str = "{}") -> HTTPResponse:
    request = HTTPRequest(
        url,
        method=method,
        body=body if method in WITH_BODY else None,
        headers=headers,
        follow_redirects=False,
    )
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def log_in(address: str, base: str, authorization: dict[str, str]) -> dict[str, str]:
    """What a browser sends by itself once its user has logged in."""
    token = authorization["Authorization"].split()[1]
    answer = await fetch(f"{address}{base}api/status?token={token}", "GET", {})
    cookies = [one.partition(";")[0] for one in answer.headers.get_list("Set-Cookie")]
    assert any(one.startswith("username-") for one in cookies)
    return {"Cookie": "; ".join(cookies)}


async def test_a_cookie_alone_changes_nothing(
    address: str, jp_base_url: str, routes: list[LiveRoute], jp_auth_header: dict[str, str]
) -> None:
    cookie = await log_in(address, jp_base_url, jp_auth_header)
    changing = [(route, method) for route in routes for method in route.methods if method not in ("GET", "HEAD")]
    assert len(changing) > 4
    for route, method in changing:
        from_elsewhere = {"Origin": "https://evil.example"}
        for headers in ({}, {"Sec-Fetch-Mode": "no-cors"}) if route.is_api else (from_elsewhere,):
            answer = await fetch(address + route.path(), method, {**cookie, **headers})
            assert answer.code == 403, (method, route, headers)
            assert json.loads(answer.body)["error"]["code"] == "http-403"


async def test_another_origin_gets_no_websocket(
    address: str, jp_base_url: str, routes: list[LiveRoute], jp_auth_header: dict[str, str]
) -> None:
    cookie = await log_in(address, jp_base_url, jp_auth_header)
    host = address.removeprefix("http://")
    evil = ["https://trusted.example.evil.example", "https://evil.example", f"http://{host}.evil.example", "null",
            "https://trusted.example:8443.evil.example", "https://trusted-example", "file://"]  # fmt: skip
    for route in [route for route in routes if route.is_socket]:
        for origin in evil:
            url = address.replace("http", "ws") + route.path()
            with pytest.raises(HTTPClientError) as caught:
                await websocket_connect(HTTPRequest(url, headers={**cookie, "Origin": origin}))
            assert caught.value.code == 403, (route, origin)
    url = address.replace("http", "ws") + next(r for r in routes if r.resource == "api/events/socket").path()
    for origin in (address, "https://trusted.example"):
        socket = await websocket_connect(HTTPRequest(url, headers={**cookie, "Origin": origin}))
        socket.close()


async def test_another_origin_reads_nothing(
    address: str, jp_base_url: str, routes: list[LiveRoute], jp_auth_header: dict[str, str]
) -> None:
    cookie = await log_in(address, jp_base_url, jp_auth_header)
    for origin in ("https://trusted.example.evil.example", "https://evil.example"):
        for route in routes:
            answer = await fetch(address + route.path(), "GET", {**cookie, "Origin": origin})
            assert answer.code in (400, 403, 404, 405), (route, origin)  # 400: a websocket, asked plainly
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_no_argument_of_a_path_leads_elsewhere_or_comes_back_as_html(
    address: str, routes: list[LiveRoute], jp_auth_header: dict[str, str]
) -> None:
    takers = [route for route in routes if route.parameters]
    assert len(takers) >= 4
    for argument in (*OUTSIDE, *TRAVERSALS, quote(f'"><{HTML}')):
        for route in takers:
            path = route.path(dict.fromkeys(route.parameters, argument))
            for method in route.methods:
                assert_harmless(await fetch(address + path, method, jp_auth_header), (method, path))
            if not route.is_api:  # to the login page; the API refuses before it looks at the path
                assert_harmless(await fetch(address + path, "GET", {}), path)


async def test_no_query_or_body_comes_back_as_html(
    address: str, routes: list[LiveRoute], jp_auth_header: dict[str, str]
) -> None:
    bodies = [HTML, json.dumps({HTML: HTML}), json.dumps({"path": f"{HTML}.py", "assets": [HTML]})]
    for query in (f"path={quote(HTML)}&since={quote(HTML)}", f"{quote(HTML)}={quote(HTML)}", "a=%ff"):
        for route in routes:
            for method in route.methods:
                for body in bodies if method in WITH_BODY else bodies[:1]:
                    answer = await fetch(f"{address}{route.path()}?{query}", method, jp_auth_header, body)
                    assert_harmless(answer, (method, route, query, body))


def assert_harmless(answer: HTTPResponse, request: object) -> None:
    """No HTML of ours or of the request's, no redirect but to the login page of this server."""
    if 300 <= answer.code < 400:
        location = answer.headers["Location"]
        assert re.match(r"/a%40b/login\?next=%2Fa%2540b%2Fdaglab%2F", location), (request, location)
        return
    assert answer.code != 500, (request, answer.body)
    if answer.code >= 400:
        assert answer.headers["X-Content-Type-Options"] == "nosniff", (request, answer.code)
        assert answer.headers["Content-Type"].startswith("application/json"), (request, answer.code)
