"""The REST API over a real Jupyter server, a real Dagster and a real marimo."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from daglab.processes import LOOPBACK, free_port
from tests.process_trees import argv_of

Start = Callable[..., Any]
NOTEBOOK = "mini/notebooks/orders.py"


def followed(jupyter: Any, run_id: str, timeout: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + timeout
    while True:
        run: dict[str, Any] = jupyter.request("GET", f"runs/{run_id}").json()
        if run["final"]:
            return run
        assert time.monotonic() < deadline, run
        time.sleep(0.3)


def test_status_tells_versions_and_that_dagster_answers(jupyter: Any) -> None:
    status = jupyter.request("GET", "status").json()
    assert status["dagster"]["reachable"]
    assert [location["name"] for location in status["dagster"]["locations"]] == ["mini"]
    assert status["config"]["dagster"]["auth"]["token_env"] == "CANARY_DAGSTER_TOKEN"
    assert status["read_only"] is False


def test_assets_name_their_notebooks(jupyter: Any) -> None:
    assets = {asset["key"]: asset for asset in jupyter.request("GET", "assets").json()["assets"]}
    assert assets["sales/orders"]["notebook"] == NOTEBOOK
    assert assets["raw/orders"]["notebook"] is None
    assert assets["sales/orders"]["dependencies"] == ["raw/orders"]
    assert assets["vendor/feed"]["status"] == "external"


def test_a_run_is_launched_and_followed_to_success(jupyter: Any, dagster: Any) -> None:
    response = jupyter.request("POST", "runs", json={"assets": ["sales/orders"], "request_id": "rest-request"})
    assert response.status_code == 201
    run = followed(jupyter, response.json()["id"])
    assert (run["status"], run["assets"], run["steps_done"]) == ("SUCCESS", ["sales/orders"], 1)
    query = {"query": "query($id: ID!) {runOrError(runId: $id) {... on Run {status}}}", "variables": {"id": run["id"]}}
    answer = httpx.post(f"{dagster.url}/graphql", json=query, timeout=30).json()
    assert answer["data"]["runOrError"]["status"] == "SUCCESS"
    again = jupyter.request("POST", "runs", json={"assets": ["sales/orders"], "request_id": "rest-request"})
    assert again.json()["id"] == run["id"]
    assets = {asset["key"]: asset for asset in jupyter.request("GET", "assets").json()["assets"]}
    # its upstream may never have been materialized: then Dagster calls it stale
    assert assets["sales/orders"]["status"] in ("materialized", "stale")
    assert assets["sales/orders"]["materialized_at"] == pytest.approx(time.time(), abs=120)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "request"),
        (b"not json", 400, "request"),
        (b"[1]", 400, "request"),
        (b'{"assets": "raw/orders"}', 400, "request"),
        (b'{"assets": ["raw/orders"], "extra": 1}', 400, "request"),
        (b'{"assets": ["raw/orders"], "request_id": "a b"}', 400, "request"),
        (b'{"assets": []}', 422, "validation"),
        (b'{"assets": ["raw/order"]}', 404, "not-found"),
        (b'{"assets": ["<img src=x onerror=alert(1)>"]}', 404, "not-found"),
        (b'{"assets": ["by_region"]}', 422, "validation"),
    ],
)
def test_refused_launches(jupyter: Any, body: bytes, status: int, code: str) -> None:
    response = jupyter.request("POST", "runs", content=body)
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"code", "message", "remedy", "details"}
    assert error["code"] == code
    assert error["message"] and error["remedy"]
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_run_is_404(jupyter: Any) -> None:
    response = jupyter.request("GET", "runs/no-such-run")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not-found")


BAD_PATHS = [
    ("../outside.py", 400), ("mini/../../outside.py", 400), ("/etc/passwd", 400), ("mini\\notebooks\\orders.py", 400),
    ("mini/notebooks/orders.py\x00.txt", 400), ("C:/x.py", 404), ("//evil.example/x.py", 400), ("nul.py", 404),
    ("%2e%2e/outside.py", 404), ("mini/none.py", 404), ("mini", 404), ("escape.py", 404), ("escape/outside.py", 404),
    ("-x; touch pwned.py", 404), ("mini/definitions.py", 422), ("pyproject.toml", 422),
]  # fmt: skip


@pytest.fixture(scope="module")
def _traps(jupyter: Any) -> None:
    outside = jupyter.root.parent / "outside.py"
    outside.write_text((jupyter.root / NOTEBOOK).read_text())
    (jupyter.root / "escape.py").symlink_to(outside)
    (jupyter.root / "escape").symlink_to(outside.parent)


@pytest.mark.usefixtures("_traps")
@pytest.mark.parametrize(("path", "status"), BAD_PATHS)
def test_paths_are_confined(jupyter: Any, path: str, status: int) -> None:
    response = jupyter.request("POST", "marimo", json={"path": path})
    assert response.status_code == status, response.text
    assert response.json()["error"]["remedy"]
    assert not (jupyter.root / "pwned.py").exists()


@pytest.fixture(scope="module")
def marimo_url(jupyter: Any) -> str:
    """The page of the notebook, marimo running."""
    response = jupyter.request("POST", "marimo", json={"path": NOTEBOOK})
    assert response.status_code == 200, response.text
    url: str = response.json()["url"]
    return url


def test_marimo_answers_behind_the_server(jupyter: Any, marimo_url: str) -> None:
    assert marimo_url == "/user/ada/daglab/marimo/?file=mini/notebooks/orders.py"
    headers = jupyter.headers
    page = httpx.get(jupyter.origin + marimo_url, headers=headers, timeout=60)
    assert page.status_code == 200
    assert "<marimo-filename" in page.text
    sessions = httpx.post(jupyter.url("daglab/marimo/api/home/running_notebooks"), headers=headers, json={}, timeout=60)
    assert sessions.status_code == 200
    assert jupyter.request("GET", "status").json()["marimo"]["running"]


def test_marimo_refuses_what_is_outside_of_the_root(jupyter: Any, marimo_url: str) -> None:
    url = jupyter.url("daglab/marimo/?file=../outside.py")
    page = httpx.get(url, headers=jupyter.headers, timeout=60)
    assert page.status_code in (403, 404), page.text[:200]


@pytest.fixture(scope="module")
def browser(jupyter: Any) -> Iterator[httpx.Client]:
    """A client with the login cookie, as a browser has it, and no token."""
    with httpx.Client(timeout=60, trust_env=False) as client:
        client.get(jupyter.url("api/status"), params={"token": jupyter.token})
        assert any(name.startswith("username-") for name in client.cookies), dict(client.cookies)
        yield client


def test_a_cookie_post_without_xsrf_token_is_403(jupyter: Any, browser: httpx.Client) -> None:
    for path in ("runs", "marimo"):
        for headers in ({}, {"Sec-Fetch-Mode": "no-cors"}):
            response = browser.post(jupyter.url(f"daglab/api/{path}"), json={}, headers=headers)
            assert response.status_code == 403, response.text
            assert response.json()["error"]["code"] == "http-403"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_the_proxied_marimo_refuses_other_sites(
    jupyter: Any, browser: httpx.Client, marimo_url: str, method: str, headers: dict[str, str]
) -> None:
    url = jupyter.url("daglab/marimo/api/home/running_notebooks" if method == "POST" else "daglab/marimo/")
    response = browser.request(method, url, headers=headers, json={} if method == "POST" else None)
    assert response.status_code == 403
    own = {"Origin": jupyter.origin, "Sec-Fetch-Site": "same-origin"}
    assert browser.request(method, url, headers=own, json={} if method == "POST" else None).status_code == 200


def test_an_origin_that_only_begins_like_ours_is_refused(jupyter: Any, browser: httpx.Client, marimo_url: str) -> None:
    origin = f"http://{urlsplit(jupyter.origin).netloc}.evil.example"
    assert browser.get(jupyter.url("daglab/marimo/"), headers={"Origin": origin}).status_code == 403


def marimo_processes(jupyter: Any) -> list[psutil.Process]:
    children = psutil.Process(jupyter.child.pid).children(recursive=True)
    return [child for child in children if "marimo" in argv_of(child) and child.ppid() == jupyter.child.pid]


def test_marimo_is_started_anew_when_it_dies(jupyter: Any, marimo_url: str) -> None:
    (process,) = marimo_processes(jupyter)
    process.kill()
    psutil.wait_procs([process], timeout=10)
    assert jupyter.request("POST", "marimo", json={"path": NOTEBOOK}).status_code == 200
    (new,) = marimo_processes(jupyter)
    assert new.pid != process.pid


def test_the_server_keeps_its_signal_handlers_and_leaves_nothing(dagster: Any, start: Start, tmp_path: Path) -> None:
    running = start(dagster.project, DAGLAB_DAGSTER__URL=dagster.url)
    assert running.request("POST", "marimo", json={"path": NOTEBOOK}).status_code == 200
    (marimo,) = marimo_processes(running)
    running.child.process.terminate()
    assert running.child.wait(20) == 0
    assert not marimo.is_running()
    assert list(tmp_path.glob("runtime_dir/daglab-marimo-*")) == []


def test_marimo_ends_when_the_server_is_killed(dagster: Any, start: Start) -> None:
    running = start(dagster.project, DAGLAB_DAGSTER__URL=dagster.url)
    assert running.request("POST", "marimo", json={"path": NOTEBOOK}).status_code == 200
    (marimo,) = marimo_processes(running)
    running.child.process.kill()
    running.child.wait(10)
    _, alive = psutil.wait_procs([marimo], timeout=15)
    assert alive == []


def test_without_dagster_status_says_so_and_assets_are_503(start: Start, tmp_path: Path) -> None:
    port = free_port()
    root = tmp_path / "root"
    root.mkdir()
    running = start(root, DAGLAB_DAGSTER__URL=f"http://{LOOPBACK}:{port}")
    dagster = running.request("GET", "status").json()["dagster"]
    assert dagster["reachable"] is False
    assert dagster["error"]["code"] == "dagster-unreachable"
    assert str(port) in dagster["error"]["message"]
    assert "dagster dev" in dagster["error"]["remedy"]
    for method, path, body in (("GET", "assets", None), ("POST", "runs", {"assets": ["x"]})):
        response = running.request(method, path, json=body)
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "dagster-unreachable"


def test_a_wrong_configuration_is_told_by_status_and_nothing_is_launched(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "daglab.yaml").write_text("dagster:\n  prot: 3000\n")
    running = start(root)
    status = running.request("GET", "status").json()
    assert status["dagster"]["error"]["code"] == "config"
    assert "did you mean 'port'" in status["dagster"]["error"]["message"]
    assert status["read_only"] is True
    assert running.request("GET", "assets").json()["error"]["code"] == "config"
    (root / "daglab.yaml").write_text(f"dagster:\n  port: {free_port()}\n")
    time.sleep(1.1)
    status = running.request("GET", "status").json()
    assert status["dagster"]["error"]["code"] == "dagster-unreachable"
    assert status["read_only"] is False


def test_read_only_launches_nothing_and_opens_no_editor(dagster: Any, start: Start) -> None:
    running = start(dagster.project, DAGLAB_DAGSTER__URL=dagster.url, DAGLAB_READ_ONLY="true")
    for path, body in (("runs", {"assets": ["raw/orders"]}), ("marimo", {"path": NOTEBOOK})):
        response = running.request("POST", path, json=body)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "read-only")
    assert httpx.get(running.url("daglab/marimo/"), headers=running.headers).status_code == 403
    assert marimo_processes(running) == []
