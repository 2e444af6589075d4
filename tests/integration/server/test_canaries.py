"""Secrets that must show nowhere: in no answer, log or command line, whatever goes wrong."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tornado.httpclient import HTTPClientError

from daglab.processes import LOOPBACK

BROKEN = (b"x", b'{"unknown": 1}')


def command_lines() -> str:
    """Of all processes of the machine."""
    lines = [one.info["cmdline"] or () for one in psutil.process_iter(["cmdline"]) if one.pid != os.getpid()]
    return "\n".join(" ".join(line) for line in lines)


def test_no_secret_shows_whatever_is_asked(jupyter: Any) -> None:
    assert jupyter.request("POST", "marimo", json={"path": "mini/notebooks/orders.py"}).status_code == 200
    (token_file,) = jupyter.folder.glob("runtime_dir/daglab-marimo-*/token")
    assert oct(token_file.stat().st_mode & 0o777) == "0o600"
    assert oct(token_file.parent.stat().st_mode & 0o777) == "0o700"
    answers, codes = [], set()
    for path, methods in jupyter.request("GET", "openapi.json").json()["paths"].items():
        filled = re.sub(r"\{\w+\}", "some-thing", path[1:])
        for method, operation in methods.items():
            if method in ("post", "put", "patch") and "requestBody" not in operation:
                continue  # it would do something
            for body in BROKEN if "requestBody" in operation else (b"",):
                answer = jupyter.request(method.upper(), filled, content=body)
                codes.add(answer.status_code)
                answers.append(answer.text + str(answer.headers))
    assert {200, 400, 404} <= codes
    for path in (
        "daglab/api/none",
        "daglab/marimo/none",
        "daglab/marimo/api/kernel/run",
        "daglab/marimo/?file=none.py",
    ):
        for headers in (jupyter.headers, {}, {"Cookie": "_xsrf=x"}):
            for method in ("GET", "POST"):
                answer = httpx.request(method, jupyter.url(path), headers=headers, timeout=60)
                answers.append(answer.text + str(answer.headers))
    shown = "\n".join([*answers, command_lines()])
    log = jupyter.log.read_text()
    assert "GET /user/ada/daglab/api/assets" in log
    for secret in (jupyter.dagster_token, token_file.read_text()):
        assert secret not in shown
        assert secret not in log
    assert jupyter.token not in shown


class Failing(BaseHTTPRequestHandler):
    """A Dagster that fails at everything."""

    def do_POST(self) -> None:
        content = json.dumps({"errors": [{"message": "boom"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def test_no_token_is_logged_when_requests_fail(start: Any, tmp_path: Path) -> None:
    """Jupyter logs more of a request whose answer is a 500 than of others."""
    root = tmp_path / "root"
    root.mkdir()
    failing = ThreadingHTTPServer((LOOPBACK, 0), Failing)
    threading.Thread(target=failing.serve_forever, daemon=True).start()
    try:
        jupyter = start(root, DAGLAB_DAGSTER__URL=f"http://{LOOPBACK}:{failing.server_port}")
        secret, statuses, answers = jupyter.token, set(), []

        def ask(method: str, path: str, **options: Any) -> None:
            url = jupyter.url(path)
            for headers, query in (
                ({"Authorization": f"token {secret}"}, ""),
                ({"Referer": f"{url}?token={secret}"}, f"?token={secret}"),
            ):
                answer = httpx.request(method, url + query, headers=headers, timeout=60, trust_env=False, **options)
                statuses.add(answer.status_code)
                answers.append(answer.text + str(answer.headers))

        def ask_all() -> None:
            for path in ("assets", "assets/a", "runs", "runs/0f0f/logs", "jobs", "locations", "executed/0f0f/a"):
                ask("GET", f"daglab/api/{path}")
            ask("POST", "daglab/api/runs", json={"assets": ["a"]})
            ask("GET", "daglab/marimo/none")
            ask("GET", "daglab/api/events/socket")

        ask_all()
        assert 502 in statuses
        failing.shutdown()
        failing.server_close()
        ask_all()
        assert 503 in statuses
        (root / "daglab.yaml").write_text("dagster: {no_such_key: 1}\n")
        time.sleep(1.5)  # it is read once a second
        ask_all()
        assert 500 in statuses
    finally:
        failing.server_close()
    log = jupyter.log.read_text()
    assert "/daglab/api/assets" in log
    assert secret not in log
    assert secret not in "\n".join(answers)


class TestWrongConfiguration:
    """With a secret where none belongs."""

    @pytest.fixture(
        params=[
            "dagster: {auth: {type: bearer, token: canary-9f0c}}",
            "dagster: {url: 'http://ada:canary-9f0c@host'}",
            "dagster: {url: 'canary-9f0c'",
            "executed: {storage: 's3://ada:canary-9f0c@host'}",
        ]
    )
    def jp_server_config(self, jp_root_dir: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
        (jp_root_dir / "daglab.yaml").write_text(request.param + "\n")
        return {"ServerApp": {"jpserver_extensions": {"daglab.server": True}}}

    async def test_it_is_told_without_the_secret(self, jp_fetch: Any, caplog: pytest.LogCaptureFixture) -> None:
        status = (await jp_fetch("daglab", "api", "status")).body.decode()
        assert '"code":"config"' in status
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("daglab", "api", "assets")
        assert caught.value.response is not None
        shown = status + caught.value.response.body.decode() + caplog.text
        assert "canary-9f0c" not in shown
