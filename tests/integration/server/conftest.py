"""Jupyter servers with daglab's extension: one in this process for a test, one real one for the tier."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403 # here and not as a plugin: it has fixtures that act on all tests

from daglab.processes import LOOPBACK, Child, free_port, spawn

# New ones each time: they are looked for in all processes of the machine.
TOKEN = f"canary-jupyter-{secrets.token_hex(8)}"
DAGSTER_TOKEN = f"canary-dagster-{secrets.token_hex(8)}"


class RunningDagster(Protocol):
    project: Path
    port: int
    url: str


def isolated(folder: Path) -> dict[str, str]:
    """The environment of a Jupyter server that reads and writes nothing of the user's."""
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    places = {f"JUPYTER_{name}": str(folder / name.lower()) for name in names}
    places |= {f"JUPYTERLAB_{name}": str(folder / name.lower()) for name in ("SETTINGS_DIR", "WORKSPACES_DIR")}
    return {**os.environ, **places, "JUPYTER_PREFER_ENV_PATH": "1"}


@dataclass(frozen=True)
class RunningJupyter:
    child: Child
    root: Path
    log: Path
    port: int
    folder: Path
    base: str = "/user/ada/"
    token: str = TOKEN
    dagster_token: str = DAGSTER_TOKEN

    @property
    def origin(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def url(self, path: str) -> str:
        return f"{self.origin}{self.base}{path}"

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the token; ``path`` is below ``daglab/api/``."""
        url = self.url(f"daglab/api/{path}")
        return httpx.request(method, url, headers=self.headers, timeout=90, trust_env=False, **options)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}


COMMAND = ("-m", "jupyter", "server")


def start_jupyter(
    folder: Path,
    root: Path,
    environment: dict[str, str],
    command: Sequence[str] = COMMAND,
    extensions: dict[str, bool] | None = None,
    python: Path = Path(sys.executable),
) -> RunningJupyter:
    port = free_port()
    enabled = {"daglab.server": True, **(extensions or {})}
    argv = [
        str(python), *command, "--no-browser", "--allow-root", f"--ServerApp.ip={LOOPBACK}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.trust_xheaders=True",
        "--ServerApp.log_level=DEBUG",
        f"--ServerApp.base_url={RunningJupyter.base}", f"--ServerApp.root_dir={root}",
        f"--ServerApp.jpserver_extensions={enabled}",
    ]  # fmt: skip
    log = folder / "jupyter.log"
    env = {**isolated(folder), "JUPYTER_TOKEN": TOKEN, "CANARY_DAGSTER_TOKEN": DAGSTER_TOKEN, **environment}
    child = spawn(argv, cwd=root, env=env, log=log)
    running = RunningJupyter(child, root, log, port, folder)
    child.wait_until_healthy(running.url(f"api/status?token={TOKEN}"), timeout=60)
    return running


@pytest.fixture(scope="session")
def jupyter(dagster: RunningDagster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningJupyter]:
    """A Jupyter server on the mini project, with a token for Dagster that must show nowhere."""
    environment = {
        "DAGLAB_DAGSTER__URL": dagster.url,
        "DAGLAB_DAGSTER__AUTH__TYPE": "bearer",
        "DAGLAB_DAGSTER__AUTH__TOKEN_ENV": "CANARY_DAGSTER_TOKEN",
        "DAGLAB_MARIMO__PORT": str(free_port()),
    }
    running = start_jupyter(tmp_path_factory.mktemp("jupyter"), dagster.project, environment)
    with running.child:
        yield running


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningJupyter]]:
    """Starts a Jupyter server of a test's own: ``start(root, VARIABLE=value)``; ``command`` replaces Python's words."""
    with ExitStack() as stack:

        def start_one(root: Path, command: Sequence[str] = COMMAND, **environment: str) -> RunningJupyter:
            running = start_jupyter(tmp_path, root, environment, command)
            stack.enter_context(running.child)
            return running

        yield start_one


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """For servers in this process: the extension alone is enabled."""
    return {"ServerApp": {"jpserver_extensions": {"daglab.server": True}}}
