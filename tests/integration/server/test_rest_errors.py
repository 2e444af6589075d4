"""The REST API's errors: one shape for each way in which a request can be wrong, on every route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from daglab.server.operation import Operation, operation_of
from daglab.server.routes import ROUTES

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OPERATIONS = [
    pytest.param(method, route.path, operation, id=f"{method} {route.path}")
    for route in ROUTES
    for method in METHODS
    if (operation := operation_of(route.handler, method))
]


@pytest.fixture(scope="module")
def http(jupyter: Any) -> Iterator[httpx.Client]:
    with httpx.Client(headers=jupyter.headers, timeout=60, trust_env=False) as client:
        yield client


def path_of(path: str) -> str:
    """An address of the route; what its parameters name exists nowhere."""
    return path.replace("{", "no-such-").replace("}", "")


def told(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    body = response.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "remedy", "details"}
    assert error["code"] == code
    assert error["message"]
    return error


@pytest.mark.parametrize(("path", "allowed"), [
    pytest.param(route.path, {m for m in METHODS if operation_of(route.handler, m)}, id=route.path) for route in ROUTES
])  # fmt: skip
def test_other_methods(jupyter: Any, http: httpx.Client, path: str, allowed: set[str]) -> None:
    for method in {*METHODS, "TRACE", "PROPFIND"} - allowed:
        response = http.request(method, jupyter.url(f"daglab/api/{path_of(path)}"))
        told(response, 405, "http-405")
        assert set(response.headers["Allow"].split(", ")) == {*allowed, "OPTIONS"}


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_unknown_parameters(jupyter: Any, http: httpx.Client, method: str, path: str, operation: Operation) -> None:
    response = http.request(method, jupyter.url(f"daglab/api/{path_of(path)}"), params={"<b>unknown</b>": "1"})
    if operation.query is None or operation.body is None:  # else the body may be looked at first
        error = told(response, 400, "request")
        assert [fault["field"] for fault in error["details"]["faults"]] == ["<b>unknown</b>"]


@pytest.mark.parametrize(("method", "path", "operation"), [p for p in OPERATIONS if p.values[2].body])
def test_bodies_that_are_none(jupyter: Any, http: httpx.Client, method: str, path: str, operation: Operation) -> None:
    def sent(content: bytes, **headers: str) -> httpx.Response:
        return http.request(method, jupyter.url(f"daglab/api/{path_of(path)}"), content=content, headers=headers)

    told(sent(b'{"x": "' + b"x" * 3_000_000 + b'"}'), 413, "http-413")
    told(sent(b"[" * 100_000), 413, "http-413")
    for kind in ("text/plain", "image/png", "application/xml; charset=utf-8"):
        told(sent(b"{}", **{"Content-Type": kind}), 415, "http-415")
    for content in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"x": NaN}', b'{"no_such_field": 1}', b"[" * 40_000):
        error = told(sent(content), 400, "request")
        assert error["remedy"]
        assert error["details"]["faults"]


def test_routes_that_do_not_exist(jupyter: Any) -> None:
    for path in ("", "none", "status/", "status/more", "runs//x", "../api/none", "%00", "openapi.json/x"):
        for method in METHODS:
            told(jupyter.request(method, path), 404, "http-404")
