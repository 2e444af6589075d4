"""Secrets that must show nowhere: in no answer, log or command line, whatever goes wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tornado.httpclient import HTTPClientError

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
