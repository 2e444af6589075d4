"""The command line and a Dagster behind nginx, which asks for credentials, and goes away in the middle of a run."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from daglab.processes import LOOPBACK, free_port
from tests.integration.cli.command import Started, daglab
from tests.integration.conftest import RunningDagster

pytestmark = pytest.mark.nightly

CANARY = "canary-7d20c9"
NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{}}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder};
  proxy_temp_path {folder};
  fastcgi_temp_path {folder};
  uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  map $http_authorization $is_known {{ default 0; "Bearer {canary}" 1; }}
  map $http_upgrade $forwarded {{ default upgrade; "" close; }}
  server {{
    listen {address};
    location /bearer/ {{
      if ($is_known = 0) {{ return 401; }}
      {forward}
    }}
    location /basic/ {{
      auth_basic "Dagster";
      auth_basic_user_file {folder}/users;
      {forward}
    }}
  }}
}}
"""
FORWARD = """
      rewrite ^/[a-z]+/(.*)$ /$1 break;
      proxy_pass {url};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $forwarded;
"""
AUTH = {"bearer": "{type: bearer, token_env: CANARY}", "basic": "{type: basic, username: ann, token_env: CANARY}"}


@contextmanager
def nginx(folder: Path, port: int, dagster: RunningDagster) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.which("nginx")
    assert program, "the tests behind a reverse proxy need nginx; `make test-all` installs it"
    folder.mkdir(exist_ok=True)
    (folder / "users").write_text(f"ann:{{PLAIN}}{CANARY}\n")
    forward = FORWARD.format(url=dagster.url)
    address = f"{LOOPBACK}:{port}"
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, address=address, canary=CANARY, forward=forward))
    with subprocess.Popen([program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]) as process:
        try:
            deadline = time.monotonic() + 20
            while True:
                try:
                    assert httpx.get(f"http://{address}/bearer/server_info").status_code == 401
                    break
                except httpx.TransportError:
                    assert process.poll() is None and time.monotonic() < deadline
                    time.sleep(0.1)
            yield process
        finally:
            process.terminate()


@pytest.mark.parametrize("kind", AUTH)
def test_the_right_credentials_open_it(kind: str, cells: RunningDagster, tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "nginx"
    (tmp_path / "daglab.yaml").write_text(
        f"version: 1\ndagster:\n  url: http://{LOOPBACK}:{port}/{kind}\n  auth: {AUTH[kind]}\n"
    )
    with nginx(folder, port, cells):
        found = json.loads(daglab("discover", "assets", "--json", cwd=tmp_path, CANARY=CANARY).stdout)
        assert "raw/orders" in {asset["key"] for asset in found["assets"]}
        for secret in ("canary-wrong", ""):
            refused = daglab("run", "--assets", "raw/orders", cwd=tmp_path, CANARY=secret)
            assert refused.returncode == (6 if secret else 2), refused.stderr
            assert secret not in refused.stderr or not secret
        assert daglab("run", "-a", "raw/orders", cwd=tmp_path, CANARY=CANARY).returncode == 0
        done = daglab("run", "-a", "raw/orders", "-a", "ratio", cwd=tmp_path, CANARY=CANARY)
        assert done.returncode == 4
        assert f"http://{LOOPBACK}:{port}/{kind}/runs/" in done.stderr
        assert CANARY not in done.stdout + done.stderr + (folder / "access.log").read_text()


def test_a_run_goes_on_being_followed_when_nginx_is_back(cells: RunningDagster, tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "nginx"
    (tmp_path / "daglab.yaml").write_text(
        f"version: 1\ndagster:\n  url: http://{LOOPBACK}:{port}/basic\n  auth: {AUTH['basic']}\n"
    )
    arguments = ("run", "-a", "slow", "--json", "--timeout", "40", "--cancel-on-timeout")
    with nginx(folder, port, cells):
        started = Started(*arguments, cwd=tmp_path, CANARY=CANARY)
        assert started.process.stdout is not None
        assert json.loads(started.process.stdout.readline())["event"] == "launched"
    with started:
        while json.loads(line := started.process.stdout.readline())["event"] != "lost":
            assert line
        with nginx(folder, port, cells):
            code, rest, _ = started.wait()
    last = json.loads(rest.splitlines()[-1])
    assert code == 4
    assert last["error"]["code"] == "run-timeout"
    assert "It was terminated." in last["error"]["message"]
