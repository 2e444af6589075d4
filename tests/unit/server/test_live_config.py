"""The configuration in force while its file is edited."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from daglab.errors import ConfigError, MissingExtraError
from daglab.server import live_config
from daglab.server.live_config import LiveConfig

LOG = logging.getLogger("test")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_config, "_FRESH_SECONDS", 0.0)


def write(root: Path, text: str) -> None:
    (root / "daglab.yaml").write_text(text)


def test_a_wrong_file_that_is_corrected_counts(tmp_path: Path) -> None:
    write(tmp_path, "dagster: {prot: 3}")
    live = LiveConfig(tmp_path, LOG)
    changes: list[object] = []
    live.on_change(lambda: changes.append(live.error))
    with pytest.raises(ConfigError, match="did you mean 'port'"):
        _ = live.client
    asyncio.run(live.refresh())
    assert changes == []
    write(tmp_path, "dagster: {port: 4321}")
    asyncio.run(live.refresh())
    assert live.client.address == "http://localhost:4321"
    assert changes == [None]
    asyncio.run(live.close())


def test_a_right_file_that_becomes_wrong_has_no_force_any_more(tmp_path: Path) -> None:
    write(tmp_path, "read_only: true")
    live = LiveConfig(tmp_path, LOG)
    before = live.client
    asyncio.run(live.refresh())
    assert live.client is before
    write(tmp_path, "read_only: [")
    asyncio.run(live.refresh())
    with pytest.raises(ConfigError, match="not valid YAML"):
        _ = live.config
    with pytest.raises(ConfigError, match="not valid YAML"):
        _ = live.client
    write(tmp_path, "read_only: false")
    asyncio.run(live.refresh())
    assert live.config.read_only is False
    asyncio.run(live.close())


def test_credentials_that_cannot_be_read_are_told_until_they_can(tmp_path: Path) -> None:
    write(tmp_path, f"dagster: {{auth: {{type: bearer, token_file: {tmp_path / 'token'}}}}}")
    live = LiveConfig(tmp_path, LOG)
    with pytest.raises(ConfigError, match="cannot be read"):
        _ = live.client
    (tmp_path / "token").write_text("canary")
    asyncio.run(live.refresh())
    assert live.client.address
    asyncio.run(live.close())


def test_the_files_are_read_at_most_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_config, "_FRESH_SECONDS", 60.0)
    live = LiveConfig(tmp_path, LOG)
    asyncio.run(live.refresh())
    write(tmp_path, "read_only: true")
    asyncio.run(live.refresh())
    assert live.config.read_only is False
    asyncio.run(live.close())


@pytest.mark.parametrize("hangs", [False, True])
def test_who_asks_while_it_is_read_waits_for_that_unless_it_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    monkeypatch.setattr(live_config, "_PATIENCE_SECONDS", 0.1 if hangs else 20.0)
    read, reading, go_on = live_config._read, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        reading.set()
        assert go_on.wait(20)
        return read(*arguments)

    async def check() -> None:
        live = LiveConfig(tmp_path, LOG)
        write(tmp_path, "read_only: true")
        monkeypatch.setattr(live_config, "_read", slow)
        first = asyncio.ensure_future(live.refresh())
        await asyncio.to_thread(reading.wait, 20)
        second = asyncio.ensure_future(live.refresh())
        if not hangs:
            go_on.set()
        await asyncio.wait_for(second, 20)
        assert live.config.read_only is not hangs
        go_on.set()
        await first
        await live.close()

    asyncio.run(check())


def test_nobody_needs_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_config, "_FOLLOW_SECONDS", 0.01)

    async def check() -> None:
        live, changed = LiveConfig(tmp_path, LOG), asyncio.Event()
        live.on_change(changed.set)
        live.follow()
        write(tmp_path, "read_only: true")
        await asyncio.wait_for(changed.wait(), 20)
        assert live.config.read_only is True
        await live.close()

    asyncio.run(check())


def test_files_that_stay_as_they_are_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveConfig(tmp_path, LOG)
    monkeypatch.setattr(live_config, "load_config", None)
    asyncio.run(live.refresh())
    (tmp_path / "notebook.py").touch()
    asyncio.run(live.refresh())
    asyncio.run(live.close())


def test_a_client_is_kept_while_its_dagster_is_and_closed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        live = LiveConfig(tmp_path, LOG)
        first = live.client
        write(tmp_path, "marimo: {port: 4321}")
        await live.refresh()
        assert (live.config.marimo.port, live.client) == (4321, first)
        write(tmp_path, "read_only: true")
        await live.refresh()
        assert live.client is not first and live.client.read_only
        assert not first._transport._http.is_closed
        monkeypatch.setattr(live_config, "_KEPT_SECONDS", 0.0)
        await live.refresh()
        assert first._transport._http.is_closed
        await live.close()

    asyncio.run(check())


def test_a_keyring_that_is_not_installed_is_told_and_nothing_else_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    write(tmp_path, "dagster: {auth: {type: bearer, token_keyring: shop/ada}}")
    live = LiveConfig(tmp_path, LOG)
    assert isinstance(live.error, MissingExtraError)
    with pytest.raises(MissingExtraError):
        _ = live.client
    asyncio.run(live.close())
