"""The end of all services."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from daglab.client import Run
from daglab.server.services import Services, make_services


class Part:
    """Something that can be ended, and says so in ``ended``."""

    def __init__(self, name: str, ended: list[str], error: Exception | None = None) -> None:
        self._name, self._ended, self._error = name, ended, error

    async def stop(self) -> None:
        self._ended.append(self._name)
        if self._error is not None:
            raise self._error

    close = stop


def test_what_fails_at_the_end_keeps_nothing_else_from_ending(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []
    part: Any = Part("", ended)
    services = Services(
        root=tmp_path,
        marimo=Part("marimo", ended, OSError("no marimo")),  # type: ignore[arg-type]
        notebooks=part,
        events=part,
        questions=part,
        pairs=Part("pairs", ended, OSError("no watch")),  # type: ignore[arg-type]
        live=Part("live", ended),  # type: ignore[arg-type]
        dagster_server=Part("dagster", ended),  # type: ignore[arg-type]
        followed=Part("followed", ended),  # type: ignore[arg-type]
        log=logging.getLogger("test"),
    )
    asyncio.run(services.close())
    assert ended == ["marimo", "dagster", "followed", "pairs", "live"]  # the processes first
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["no marimo", "no watch"]


def test_what_was_launched_before_the_configuration_turned_wrong_is_no_error(tmp_path: Path) -> None:
    async def launched() -> None:
        services = make_services(tmp_path, "/", tmp_path, server=None, log=logging.getLogger("test"))
        assert services.live.error is None
        (tmp_path / "daglab.yaml").write_text("dagster: [")
        await services.live.refresh()
        assert services.live.error is not None
        services.dagster_changed()
        services.dagster_changed(Run("a-run", "SUCCESS", "a_job", 1.0, 1.0, 2.0, ()))
        await services.close()

    asyncio.run(launched())
