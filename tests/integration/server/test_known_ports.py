"""jupyter-server-proxy's own routes: no way around the Authorizer and the XSRF token to Dagster and marimo."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from jupyter_server_proxy.config import ServerProxy
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.websocket import websocket_connect

from daglab.processes import LOOPBACK, free_port, spawn
from daglab.server.known_ports import KnownPort
from daglab.server.services import SETTING
from tests.process_trees import argv_of

FORMS = ["proxy/{port}", "proxy/0{port}", "proxy/absolute/{port}", "proxy/localhost:{port}",
         "proxy/absolute/127.0.0.1:{port}", "proxy/%6cocalhost:{port}", "proxy/127.0.0.%31:{port}",
         "proxy/absolute/%6cocalhost:{port}"]  # fmt: skip
SPELLINGS = ["LOCALHOST", "localhost.", "ip6-localhost", "%5B%3A%3A1%5D", "%5B%3A%3Affff%3A127.0.0.1%5D", "0x7f.1",
             "127.1", "2130706433", "0.0.0.0", "%30x7f.1"]  # fmt: skip
EVIL = [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
QUERY = {"query": "{ version }"}


@pytest.fixture(scope="module")
def browser(jupyter: Any) -> Iterator[httpx.Client]:
    """A client with the login cookie and no token."""
    with httpx.Client(timeout=60, trust_env=False) as client:
        client.get(jupyter.url("api/status"), params={"token": jupyter.token})
        yield client


@pytest.fixture(scope="module")
def other_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("other")
    (folder / "page.txt").write_text("another program")
    port = free_port()
    with spawn([sys.executable, "-m", "http.server", str(port), "--bind", LOOPBACK], cwd=folder) as child:
        child.wait_until_healthy(f"http://{LOOPBACK}:{port}/", timeout=30)
        yield port


@pytest.fixture(scope="module")
def marimo_port(jupyter: Any) -> int:
    assert jupyter.request("POST", "marimo", json={"path": "mini/notebooks/orders.py"}).status_code == 200
    children = psutil.Process(jupyter.child.pid).children()
    (marimo,) = [child for child in children if "marimo" in argv_of(child)]
    argv = marimo.cmdline()
    return int(argv[argv.index("--port") + 1])


@pytest.mark.parametrize("form", [form for form in FORMS if "absolute" not in form])
def test_dagster_is_reached_from_this_servers_pages(
    jupyter: Any, browser: httpx.Client, dagster: Any, form: str
) -> None:
    url = jupyter.url(form.format(port=dagster.port) + "/graphql")
    for headers in ({"Origin": jupyter.origin, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        answer = browser.post(url, json=QUERY, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["version"]
    assert browser.get(jupyter.url(form.format(port=dagster.port) + "/server_info")).status_code == 200


@pytest.mark.parametrize("form", FORMS)
def test_dagster_is_not_reached_from_another_sites(
    jupyter: Any, browser: httpx.Client, dagster: Any, form: str
) -> None:
    url = jupyter.url(form.format(port=dagster.port) + "/graphql")
    for headers in EVIL:
        refused = [browser.post(url, json=QUERY, headers=headers), browser.get(url, params=QUERY, headers=headers)]
        for answer in refused:
            assert answer.status_code == 403, headers
            assert answer.json()["error"]["code"] == "http-403"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert browser.get(url, params=QUERY).status_code == 403  # a link, over plain http
    assert browser.get(url.replace("graphql", "%67raphql"), params=QUERY).status_code == 403
    anonymous = httpx.post(url, json=QUERY, timeout=60, follow_redirects=False)
    assert anonymous.status_code in (302, 403)


@pytest.mark.parametrize("form", FORMS)
def test_marimo_has_its_own_route_alone(jupyter: Any, browser: httpx.Client, marimo_port: int, form: str) -> None:
    answer = browser.get(jupyter.url(form.format(port=marimo_port) + "/"))
    assert answer.status_code == 403
    assert "daglab/marimo/" in answer.json()["error"]["message"]


async def test_websockets_too(jupyter: Any, browser: httpx.Client, dagster: Any, marimo_port: int) -> None:
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    own = {"Origin": jupyter.origin}
    for port, path, headers in ((dagster.port, "graphql", EVIL[0]), (marimo_port, "ws", own)):
        url = jupyter.url(f"proxy/{port}/{path}").replace("http", "ws")
        with pytest.raises(HTTPClientError) as caught:
            await websocket_connect(HTTPRequest(url, headers={**cookie, **headers}))
        assert caught.value.code == 403
    socket = await websocket_connect(
        HTTPRequest(jupyter.url(f"proxy/{dagster.port}/graphql").replace("http", "ws"), headers={**cookie, **own}),
        subprotocols=["graphql-ws"],
    )
    await socket.write_message('{"type": "connection_init"}')
    assert "connection_ack" in str(await socket.read_message())
    socket.close()


@pytest.mark.parametrize("form", [form for form in FORMS if "absolute" not in form])
def test_other_ports_stay_as_they_are(jupyter: Any, browser: httpx.Client, other_port: int, form: str) -> None:
    answer = browser.get(jupyter.url(form.format(port=other_port) + "/page.txt"), headers=EVIL[1])
    assert (answer.status_code, answer.text) == (200, "another program")


def test_marimos_cookie_stays_on_the_server(jupyter: Any, marimo_port: int) -> None:
    for headers in ({}, {"Accept": "text/event-stream"}):
        page = httpx.get(jupyter.url("daglab/marimo/"), headers={**jupyter.headers, **headers}, timeout=60)
        assert page.status_code == 200
        assert "session_" not in str(page.headers.get_list("set-cookie"))


async def test_where_the_extension_is_off_no_port_is_proxied(jp_fetch: Any, jp_serverapp: Any) -> None:
    config = jp_serverapp.web_app.settings[SETTING].config
    assert config.dagster.address == "http://localhost:3000"
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("proxy", "3000", "")
    assert caught.value.code == 404


def taken(services: Any, path: str, base_url: str = "/a%40b/") -> dict[str, Any] | None:
    """What the handler of known ports would get of a request for ``path``, below the base URL."""
    guard = KnownPort(base_url, services, ServerProxy())
    line = RequestStartLine("POST", base_url + path, "HTTP/1.1")
    return guard.match(HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "x"})))


async def test_a_port_is_known_in_every_spelling(jp_serverapp: Any) -> None:
    services = jp_serverapp.web_app.settings[SETTING]
    for host in SPELLINGS:
        for form in ("proxy/{host}:3000/graphql", "proxy/absolute/{host}:3000", "proxy/{host}:68536/graphql"):
            assert taken(services, form.format(host=host)) is not None, (form, host)
    assert taken(services, f"proxy/{3000 + (1 << 32)}/graphql") is not None
    for other in ("proxy/3001/graphql", "proxy/example.org:3000/", "proxy/10.0.0.1:3000/", f"proxy/{'3' * 5000}/",
                  "proxy/localhost:3000:3000/", "proxy/%FF:3000/", "proxy", "x/proxy/3000/"):  # fmt: skip
        assert taken(services, other) is None, other


async def test_the_path_reaches_dagster_as_it_was_sent(jp_serverapp: Any) -> None:
    found = taken(jp_serverapp.web_app.settings[SETTING], "proxy/3000/a%20b/%C3%A9")
    assert found is not None and found["path_args"] == ["localhost", "3000", "/a b/é"]


async def test_the_base_url_is_matched_as_the_proxy_does(jp_serverapp: Any) -> None:
    guard = KnownPort("/user/a.da/", jp_serverapp.web_app.settings[SETTING], ServerProxy())
    line = RequestStartLine("POST", "/user/aXda/proxy/3000/graphql", "HTTP/1.1")
    assert guard.match(HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "x"}))) is not None


async def test_a_configuration_that_becomes_wrong_opens_no_way(jp_serverapp: Any, jp_root_dir: Path) -> None:
    services = jp_serverapp.web_app.settings[SETTING]
    file = jp_root_dir / "daglab.yaml"
    file.write_text("dagster: {port: 4711}\n")
    await changed(services)
    guard = KnownPort("/a%40b/", services, ServerProxy(parent=jp_serverapp))

    def is_taken(port: int) -> bool:
        line = RequestStartLine("GET", f"/a%40b/proxy/{port}/x?y=z", "HTTP/1.1")
        return guard.match(HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "x"}))) is not None

    assert (is_taken(4711), is_taken(4712)) == (True, False)
    file.write_text("dagster: {port: 4712}\n")
    await changed(services)
    assert (is_taken(4711), is_taken(4712), is_taken(4713)) == (True, True, False)
    file.write_text("dagster: {prot: 4713}\n")
    await changed(services)
    assert services.live.error is not None
    assert (is_taken(4711), is_taken(4712), is_taken(3000), is_taken(4713)) == (True, True, True, False)


async def changed(services: Any) -> None:
    """Have the configuration read again, which happens once a second at most."""
    services.live._due = 0.0
    await services.live.refresh()
