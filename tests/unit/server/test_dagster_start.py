"""What keeps the project's Dagster from being started, and what is left then."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from daglab.client import DagsterClient
from daglab.config_model import Dagster
from daglab.errors import DagsterConflictError, ProcessError
from daglab.processes import free_port
from daglab.project import Project
from daglab.server import dagster_server
from daglab.server.dagster_server import DagsterServer

LOG_FILE = Path(".daglab") / "logs" / "dagster.log"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text('[tool.dagster]\nmodule_name = "absent"\n')
    return Project(root, None)


def server(tmp_path: Path) -> DagsterServer:
    return DagsterServer(runtime_dir=tmp_path / "runtime", changed=lambda standing: None, log=logging.getLogger("test"))


async def start(one: DagsterServer, project: Project, port: int | None = None) -> Any:
    client = DagsterClient(Dagster(port=port or free_port()))
    try:
        return await one.start(project, client)
    finally:
        await client.close()


@pytest.mark.parametrize("blocked", ["runtime", "project/.dagster_home"])
def test_a_folder_that_cannot_be_made_is_an_error_with_its_name(project: Project, tmp_path: Path, blocked: str) -> None:
    (tmp_path / blocked).write_text("a file where a folder should be")
    with pytest.raises(ProcessError, match=Path(blocked).name):
        asyncio.run(start(server(tmp_path), project))


def test_nothing_is_left_where_the_start_fails(project: Project, tmp_path: Path) -> None:
    (project.root / LOG_FILE).mkdir(parents=True)
    with pytest.raises(ProcessError, match="log"):
        asyncio.run(start(server(tmp_path), project))
    assert list((tmp_path / "runtime").iterdir()) == []


def test_the_one_that_runs_is_not_taken_for_one_at_another_address(project: Project, tmp_path: Path) -> None:
    async def check() -> None:
        one, port = server(tmp_path), free_port()
        try:
            assert await start(one, project, port)
            assert await start(one, project, port)
            with pytest.raises(DagsterConflictError, match=f"{port}; daglab is set to .*DELETE dagster"):
                await start(one, project)
        finally:
            await one.stop()

    asyncio.run(check())


def test_a_large_log_is_set_aside(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dagster_server, "_LARGE_LOG", 100)
    log = project.root / LOG_FILE
    log.parent.mkdir(parents=True)
    log.write_text("old\n" * 100)

    async def check() -> None:
        one = server(tmp_path)
        await start(one, project)
        await one.stop()

    asyncio.run(check())
    assert "old" not in log.read_text()
    assert log.with_name("dagster.log.1").read_text().startswith("old")
