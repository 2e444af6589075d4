"""Behind a reverse proxy that ends TLS, with a base URL: page, API and websockets, and who may open them."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from daglab.processes import LOOPBACK, free_port, spawn

FRONT = Path(__file__).with_name("tls_front.py")
NOTEBOOK = "mini/notebooks/orders.py"


@dataclass(frozen=True)
class Front:
    origin: str
    base: str
    trust: ssl.SSLContext
    browser: httpx.Client

    def url(self, path: str) -> str:
        return f"{self.origin}{self.base}{path}"

    async def socket(self, path: str, origin: str) -> WebSocketClientConnection:
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        url = self.url(path).replace("https", "wss", 1)
        headers = {"Cookie": cookies, "Origin": origin}
        return await websocket_connect(HTTPRequest(url, headers=headers, ssl_options=self.trust))


@pytest.fixture(scope="module")
def front(jupyter: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The shared Jupyter server behind TLS, and a browser that is logged in there."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.issue_cert(LOOPBACK).private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    port = free_port()
    argv = [sys.executable, str(FRONT), str(port), str(jupyter.port), str(folder / "server.pem")]
    with spawn(argv, cwd=folder) as child, httpx.Client(verify=trust, timeout=60, trust_env=False) as browser:
        found = Front(f"https://{LOOPBACK}:{port}", jupyter.base, trust, browser)

        def answers() -> bool:
            try:
                return browser.get(found.url("api/status"), params={"token": jupyter.token}).status_code == 200
            except httpx.HTTPError:
                return False

        child.wait_until_healthy(answers, timeout=30)
        yield found


def test_the_login_cookie_is_for_https_alone(front: Front) -> None:
    (login,) = [cookie for cookie in front.browser.cookies.jar if cookie.name.startswith("username-")]
    assert login.secure


def test_api_page_and_posts(front: Front) -> None:
    browser = front.browser
    assert browser.get(front.url("daglab/api/status")).json()["dagster"]["reachable"]
    own = {"Origin": front.origin, "Sec-Fetch-Site": "same-origin"}
    assert browser.post(front.url("daglab/api/marimo"), json={"path": NOTEBOOK}, headers=own).status_code == 403
    login_page = httpx.get(front.url("login"), verify=front.trust, trust_env=False)
    xsrf = {"X-XSRFToken": login_page.cookies["_xsrf"]}
    browser.cookies.set("_xsrf", xsrf["X-XSRFToken"])
    answer = browser.post(front.url("daglab/api/marimo"), json={"path": NOTEBOOK}, headers={**own, **xsrf})
    assert answer.status_code == 200, answer.text
    page = browser.get(front.origin + answer.json()["url"])
    assert (page.status_code, "<marimo-filename" in page.text) == (200, True)
    posted = browser.post(front.url("daglab/marimo/api/home/running_notebooks"), json={}, headers=own)
    assert posted.status_code == 200
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for url in (front.url("daglab/marimo/api/home/running_notebooks"), front.url("daglab/api/marimo")):
        assert browser.post(url, json={}, headers=evil).status_code in (403, 404)


def test_websockets_by_origin(front: Front, jupyter: Any) -> None:
    marimo = f"daglab/marimo/ws?session_id=s_tls001&file={NOTEBOOK}"
    events = "daglab/api/events/socket"

    async def use() -> None:
        for path in (marimo, events):
            for origin in ("https://evil.example", f"{front.origin}.evil.example", jupyter.origin, "null"):
                with pytest.raises(HTTPClientError) as caught:
                    await front.socket(path, origin)
                assert caught.value.code == 403, (path, origin)
        told = await front.socket(events, front.origin)
        assert "cursor" in str(await told.read_message())
        notebook = await front.socket(marimo, front.origin)
        assert "kernel-ready" in str(await asyncio.wait_for(notebook.read_message(), 30))
        for socket in (told, notebook):
            socket.close()

    asyncio.run(use())
    assert jupyter.request("DELETE", "marimo/s_tls001").status_code == 200


def test_an_anonymous_page_leads_to_this_servers_login(front: Front) -> None:
    page = httpx.get(front.url("daglab/marimo/?file=a.py"), verify=front.trust, trust_env=False)
    assert page.status_code == 302
    assert page.headers["Location"].startswith("/user/ada/login?next=%2Fuser%2Fada%2Fdaglab%2Fmarimo%2F")
