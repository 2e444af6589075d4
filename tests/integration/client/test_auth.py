"""Credentials before a reverse proxy that asks for them: sent, renewed, never shown."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import logging.config
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from daglab.client import BlockingDagsterClient, DagsterClient
from daglab.client.credentials import Credentials
from daglab.config_model import Auth, Dagster
from daglab.errors import AuthenticationError, ConfigError, DagsterError
from tests.integration.client.proxy import PASS, Proxy, Request, Verdict, reply, through_proxy
from tests.integration.conftest import RunningDagster

CANARY = "canary-4c1f0a7e-token"
HELLO = {"ops": {"greet": {"config": {"name": "ann"}}}}


def asking(header: str, valid: Callable[[], str]) -> Callable[[Request], Verdict]:
    """What a reverse proxy does: 401 for whoever doesn't bring the valid header, the rest goes to Dagster."""
    return lambda request: PASS if request.header(header) == valid() else reply("401 Unauthorized", "who is it?")


BASIC = base64.b64encode(f"ann:{CANARY}".encode()).decode()


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"type": "bearer"}, "Authorization", f"Bearer {CANARY}"),
        ({"type": "basic", "username": "ann"}, "Authorization", f"Basic {BASIC}"),
        ({"type": "header", "header": "X-Api-Key"}, "X-Api-Key", CANARY),
    ],
)
def test_each_kind_opens_the_proxy(
    shop: RunningDagster, monkeypatch: pytest.MonkeyPatch, auth: dict[str, str], header: str, value: str
) -> None:
    monkeypatch.setenv("DAGLAB_TEST_CANARY", CANARY)

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        run = await client.submit_job("hello", run_config=HELLO)
        assert [page async for page in client.watch_run(run.run_id)]
        await client.report_observation("vendor/feed", metadata={"a": 1})
        assert {request.operation for request in proxy.requests} >= {"upgrade", "mutation DaglabLaunchRun"}
        assert all(request.header(header) == value for request in proxy.requests)

    through_proxy(shop.url, asking(header, lambda: value), work, auth={**auth, "token_env": "DAGLAB_TEST_CANARY"})


def test_without_credentials_the_proxy_refuses(shop: RunningDagster) -> None:
    async def work(client: DagsterClient, proxy: Proxy) -> None:
        for call in (client.status(), client.watch_locations().__anext__(), client.report_observation("slow")):
            with pytest.raises(AuthenticationError, match="HTTP 401"):
                await call

    through_proxy(shop.url, asking("Authorization", lambda: "Bearer x"), work)


def test_a_token_that_was_replaced_in_its_file_is_read_again(shop: RunningDagster, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    valid = "first"

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        nonlocal valid
        assert await client.version()
        valid = "second"
        file.write_text("second\n")
        proxy.requests.clear()
        assert await asyncio.gather(*(client.version() for _ in range(5)))  # refused together, renewed once
        valid = "third"
        file.write_text("third\n")
        run = await client.submit_job("hello", run_config=HELLO)  # refused is not launched: asked again
        assert proxy.operations("mutation DaglabLaunchRun") == 1
        valid = "fourth"
        file.write_text("fourth\n")
        assert [page async for page in client.watch_run(run.run_id)]
        valid = "fifth"
        with pytest.raises(AuthenticationError):
            await client.version()
        file.unlink()
        with pytest.raises(ConfigError, match="cannot be read"):
            await client.version()

    decide = asking("Authorization", lambda: f"Bearer {valid}")
    through_proxy(shop.url, decide, work, auth={"type": "bearer", "token_file": file})


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_hook_gives_a_new_token_once_for_all(
    shop: RunningDagster, monkeypatch: pytest.MonkeyPatch, asynchronous: bool
) -> None:
    monkeypatch.setenv("DAGLAB_TEST_CANARY", "old")
    calls = 0

    def hook() -> str:
        nonlocal calls
        calls += 1
        return "new"

    async def async_hook() -> str:
        await asyncio.sleep(0.05)
        return hook()

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        await asyncio.gather(*(client.version() for _ in range(8)))
        assert calls == 1

    through_proxy(
        shop.url,
        asking("Authorization", lambda: "Bearer new"),
        work,
        refresh=async_hook if asynchronous else hook,
        auth={"type": "bearer", "token_env": "DAGLAB_TEST_CANARY"},
    )


@pytest.mark.parametrize("token", ["", "two\nlines", "né", "a\r\nX-Evil: b"])
def test_a_hook_that_gives_no_token(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("DAGLAB_TEST_CANARY", "old")

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        with pytest.raises(ConfigError, match="refreshed token") as caught:
            await client.version()
        assert not token or token not in str(caught.value)

    through_proxy(
        "http://127.0.0.1:9",
        lambda _: reply("401 Unauthorized"),
        work,
        refresh=lambda: token,
        auth={"type": "bearer", "token_env": "DAGLAB_TEST_CANARY"},
    )


def everything_told(error: BaseException) -> str:
    """Messages, attributes and chain of an error, as loggers and error trackers would keep them."""
    told = ["".join(traceback.format_exception(error))]
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None:
            continue
        told += [repr(one), str(vars(one)), repr(one.args)]
        for name in ("request", "response"):
            inner = vars(one).get(f"_{name}") or vars(one).get(name)
            told += [repr(inner), str(getattr(inner, "headers", ""))]
            told += [str(getattr(inner, "headers", {}).raw)] if hasattr(getattr(inner, "headers", None), "raw") else []
        pending += [one.__cause__, one.__context__]
    return "\n".join(told)


TROUBLES = [
    reply("401 Unauthorized"), reply("403 Forbidden"), reply("500 Oops", '{"errors": [{"message": "x"}]}'),
    reply("500 Oops"), reply("404 Not Found"), reply("302 Found", header="Location: http://127.0.0.1:9/"),
    Verdict(refuse=True), Verdict(delay=5), reply("200 OK", "<html>"),
]  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("auth", [{"type": "bearer"}, {"type": "header", "header": "X-Api-Key"}])
def test_the_token_is_sent_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, trouble: Verdict, auth: dict[str, str]
) -> None:
    """T8: in no log (of the libraries' neither, at their most talkative), error, representation or pickle."""
    monkeypatch.setenv("DAGLAB_TEST_CANARY", CANARY)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})  # as Jupyter does
    told: list[str] = []

    async def work(client: DagsterClient, proxy: Proxy) -> None:
        for call in (client.status(), client.watch_locations().__anext__(), client.wait("x", timeout=0.1)):
            with pytest.raises(DagsterError) as caught:
                await call
            told.append(everything_told(caught.value))
            told.append(str(caught.value.to_json()))
            pickled = pickle.dumps((type(caught.value), caught.value.args, vars(caught.value)))
            told.append(pickled.decode("latin-1"))
        transport = client._transport
        told.extend(map(repr, (client, transport, transport.credentials, vars(client), vars(transport))))
        told.extend(map(str, (vars(transport.credentials), vars(transport._http))))
        for thing in (client, transport, transport.credentials):
            with pytest.raises(TypeError):
                pickle.dumps(thing)
        assert CANARY.encode() in b"".join(request.head for request in proxy.requests)

    try:
        through_proxy(
            "http://127.0.0.1:9", lambda _: trouble, work, timeout=0.5, auth={**auth, "token_env": "DAGLAB_TEST_CANARY"}
        )
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert "httpcore" in stream.getvalue()
    assert CANARY not in "\n".join(told)
    assert CANARY not in stream.getvalue()


def test_the_token_is_not_shown_by_the_client_without_await(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGLAB_TEST_CANARY", CANARY)
    auth = Auth(type="bearer", token_env="DAGLAB_TEST_CANARY")
    with BlockingDagsterClient(Dagster(port=9, auth=auth)) as client:
        assert CANARY not in repr(client) + str(vars(client)) + repr(auth)
        with pytest.raises(TypeError):
            pickle.dumps(client)


def test_the_keyring_holds_the_token() -> None:
    import keyring
    from keyring.backend import KeyringBackend
    from keyring.errors import KeyringLocked

    class Memory(KeyringBackend):
        priority = 1  # type: ignore[assignment]
        locked = False

        def get_password(self, service: str, username: str) -> str | None:
            if self.locked:
                raise KeyringLocked("locked")
            return CANARY if (service, username) == ("dagster", "ann/b") else None

        def set_password(self, service: str, username: str, password: str) -> None: ...

        def delete_password(self, service: str, username: str) -> None: ...

    before = keyring.get_keyring()
    memory = Memory()
    keyring.set_keyring(memory)
    try:
        auth = Auth(type="bearer", token_keyring="dagster/ann/b")
        assert auth.headers() == {"Authorization": f"Bearer {CANARY}"}
        with pytest.raises(ConfigError, match="keyring's dagster/bob holds no token"):
            Credentials(Auth(type="bearer", token_keyring="dagster/bob"))
        memory.locked = True
        with pytest.raises(ConfigError, match="does not open: KeyringLocked"):
            auth.headers()
    finally:
        keyring.set_keyring(before)
