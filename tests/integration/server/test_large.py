"""T18: large input never keeps the server from answering others: its event loop is watched while each route works."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from daglab.processes import LOOPBACK, free_port, spawn
from daglab.server.operation import operation_of
from daglab.server.routes import ROUTES
from tests.integration.server.live_routes import live_routes

LARGE_PROJECT = Path(__file__).parents[2] / "large_project"
_ALLOWED_SECONDS = 0.1
_TICK_SECONDS = 0.02
_NOTEBOOK_BYTES = 200_000_000


@contextmanager
def running_large(home: Path, assets: int) -> Iterator[str]:
    """A real Dagster with so many assets; without a daemon, so that launched runs stay queued."""
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    port = free_port()
    argv = [sys.executable, "-m", "dagster_webserver", "-m", "large", "-h", LOOPBACK, "-p", str(port)]
    environment = {
        **os.environ, "DAGSTER_HOME": str(home), "PYTHONPATH": str(LARGE_PROJECT), "LARGE_ASSETS": str(assets)
    }  # fmt: skip
    with spawn(argv, cwd=LARGE_PROJECT, env=environment, log=home / "log") as child:
        child.wait_until_healthy(f"http://{LOOPBACK}:{port}/server_info", timeout=240)
        yield f"http://{LOOPBACK}:{port}"


@pytest.fixture(scope="module")
def large_dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_large(tmp_path_factory.mktemp("large-dagster"), 10_000) as url:
        yield url


class LoopWatch:
    """How late the event loop came to a task that wanted nothing but its turn.

    No later than this process has computed meanwhile: the rest is other processes' time on the machine.
    """

    def __init__(self) -> None:
        self.latest = 0.0

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            wanted, computed = loop.time() + _TICK_SECONDS, time.process_time()
            await asyncio.sleep(_TICK_SECONDS)
            self.latest = max(self.latest, min(loop.time() - wanted, time.process_time() - computed))

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.latest = 0.0
        task = asyncio.ensure_future(self.watch())
        try:
            yield
        finally:
            task.cancel()


@pytest.fixture
def dagster_url(large_dagster: str) -> str:
    return large_dagster


@pytest.fixture
def ask(dagster_url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Asks the server in this process out of a thread, so that the client's work is not the loop's."""
    monkeypatch.setenv("DAGLAB_DAGSTER__URL", dagster_url)
    monkeypatch.setenv("DAGLAB_DAGSTER__TIMEOUT", "120")
    server = request.getfixturevalue("jp_serverapp")
    base, headers = request.getfixturevalue("jp_base_url"), request.getfixturevalue("jp_auth_header")
    request.getfixturevalue("http_server")

    async def one(method: str, path: str, **options: Any) -> httpx.Response:
        url = f"http://{LOOPBACK}:{server.port}{base}daglab/api/{path}"
        return await asyncio.to_thread(
            httpx.request, method, url, headers=headers, timeout=120, trust_env=False, **options
        )

    return one


@pytest.fixture(autouse=True)
def _garbage_of_the_server_alone(ask: Any) -> Iterator[None]:
    """What pytest and other tests have left here is not looked through, which takes a third of a second."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def kept_free(work: Callable[[], Any], rounds: int = 5) -> None:
    """The loop was never kept for long; a machine at work on other things may delay one round, not all."""
    latest = []
    for _ in range(rounds):
        idle, busy = LoopWatch(), LoopWatch()
        with idle.watching():
            await asyncio.sleep(0.5)
        with busy.watching():
            await work()
        latest.append(busy.latest - idle.latest)
        if latest[-1] <= _ALLOWED_SECONDS:
            return
    raise AssertionError(f"the event loop was blocked for {min(latest):.3f} s")


@pytest.mark.nightly
async def test_reading_ten_thousand_assets_blocks_nobody(ask: Callable[..., Any], jp_serverapp: Any) -> None:
    from daglab.server.services import SETTING

    workspace = jp_serverapp.web_app.settings[SETTING].workspace

    async def cold() -> None:
        workspace._loaded = None  # as after a reload of the code location
        workspace.hurry()
        response = await ask("GET", "assets")
        assert (response.status_code, len(response.content) > 3_000_000) == (200, True)

    await kept_free(cold)
    for path in (
        "assets",
        "assets?text=asset_0999",
        "assets?status=never&tag=tier=1&limit=500",
        'assets?selection=%2Bkey:"layer_09/asset_09999"%2B',
        "assets?selection=not+group:group_00",
        "assets/layer_05/asset_05000",
        "assets/many_partitions",
        "assets/plane_of_partitions",
        "locations",
        "jobs",
        "runs",
        "status",
        "events",
        "openapi.json",
    ):

        async def read(path: str = path) -> None:
            response = await ask("GET", path)
            assert response.status_code == 200, response.text[:300]

        await kept_free(read)


@pytest.mark.nightly
async def test_launching_much_blocks_nobody(ask: Callable[..., Any]) -> None:
    keys = [f"layer_{number // 1000:02}/asset_{number:05}" for number in range(300)]

    async def launch() -> None:
        response = await ask("POST", "runs", json={"assets": keys})
        assert response.status_code == 201, response.text[:300]
        run = f"runs/{response.json()['id']}"
        assert (await ask("GET", f"{run}/logs")).status_code == 200
        assert (await ask("DELETE", f"{run}?force=true")).status_code == 200

    await kept_free(launch)

    async def unknown() -> None:
        response = await ask("POST", "runs", json={"assets": [f"x{key}" for key in keys * 30]})
        assert response.status_code == 404
        assert len(response.content) < 1_000_000

    await kept_free(unknown)


@pytest.mark.nightly
async def test_very_many_partitions_block_nobody(ask: Callable[..., Any]) -> None:
    keys = [f"key_{number:05}" for number in range(10_000)]

    async def backfill() -> None:
        response = await ask("POST", "backfills", json={"assets": ["many_partitions"], "partitions": keys})
        assert (response.status_code, response.json()["partitions"]) == (201, 10_000), response.text[:300]
        address = f"backfills/{response.json()['id']}"
        assert (await ask("GET", address)).status_code == 200
        assert (await ask("DELETE", address)).status_code == 200

    await kept_free(backfill)

    async def unknown() -> None:
        body = {"assets": ["plane_of_partitions"], "partitions": [f"{key}|nowhere" for key in keys]}
        assert (await ask("POST", "backfills", json=body)).status_code == 422

    await kept_free(unknown)


def much() -> dict[str, bytes]:
    """Bodies at the limits of what is read, and beyond: none of them is what any route wants."""
    faulty = {"assets": ["a"], "partitions": [""] * 100_000, "resolve": dict.fromkeys(map(str, range(50_000)), 1)}
    return {
        "faults": json.dumps(faulty).encode(),
        "unknown fields": json.dumps({f"field_{number:06}": 1 for number in range(100_000)}).encode(),
        "a long field": json.dumps({"x" * 1_900_000: 1}).encode(),
        "lists": b'{"job": "hello", "run_config": {"a": [' + b"[]," * 600_000 + b"[]]}}",
        "values": json.dumps({"job": "hello", "run_config": {"a": [1] * 600_000}}).encode(),
        "depth": b'{"job": "hello", "run_config": ' + b'{"a":' * 300_000 + b"1" + b"}" * 300_001,
        "too large": b'{"job": "' + b"x" * 2_000_000 + b'"}',
    }


def large_bodies() -> dict[str, dict[str, Any]]:
    """Valid bodies of as much as is taken; what they name is not there."""
    config = {"ops": {f"op_{number:04}": {"config": {"a": number, "b": "x" * 50}} for number in range(4_900)}}
    keys, days = [f"asset_{number:05}/{'x' * 150}" for number in range(10_000)], [f"{n:017}" for n in range(90_000)]
    tags = {f"tag_{number:03}": "x" * 4_000 for number in range(100)}
    return {
        "runs": {"job": "all", "run_config": config, "tags": tags},
        "runs/{run_id}/reexecute": {"tags": tags},
        "backfills": {"assets": ["by_region"], "partitions": days},
        "marimo": {"path": "x" * 4_000},
        "pairs": {"asset": "x" * 1_000},
        "pairs/{path}": {"resolve": {f"{number:0100}": "py" for number in range(10_000)}},
        "runs of assets": {"assets": keys},
    }


class TestFiles:
    @pytest.fixture
    def dagster_url(self, dagster: Any) -> str:
        """Of a small Dagster, which starts in less time: what is large is not Dagster's."""
        return str(dagster.url)

    @pytest.mark.parametrize("path", ["runs", "backfills"])
    async def test_much_of_what_is_not_wanted_blocks_nobody(self, ask: Callable[..., Any], path: str) -> None:
        for what, content in much().items():

            async def refused(content: bytes = content, what: str = what) -> None:
                response = await ask("POST", path, content=content)
                assert response.status_code in (400, 413), (what, response.text[:300])
                assert len(response.content) < 10_000, what

            await kept_free(refused)

    @pytest.mark.parametrize("path", ["runs", "backfills"])
    async def test_much_that_is_valid_blocks_nobody(self, ask: Callable[..., Any], path: str) -> None:
        async def taken() -> None:
            response = await ask("POST", path, json=large_bodies()[path])
            assert response.status_code in (404, 422), response.text[:300]
            assert len(response.content) < 2_000_000

        await kept_free(taken)

    @pytest.mark.nightly
    async def test_no_route_is_blocked_by_the_largest_request(self, ask: Callable[..., Any], jp_web_app: Any) -> None:
        """Whatever a route reads: all that is too much for it, and as much as it takes."""
        operations = {
            (method, route.path): operation_of(route.handler, method)
            for route in ROUTES
            for method in ("GET", "POST", "PATCH", "PUT", "DELETE")
        }
        known = {(method, path): found for (method, path), found in operations.items() if found is not None}
        live = {route.resource.removeprefix("api/") for route in live_routes(jp_web_app) if route.is_api}
        assert {path for _, path in known} | {"events/socket"} >= live - {"{rest}"}
        wanting_a_body = {path for (_, path), found in known.items() if found.body is not None}
        valid = large_bodies()
        assert wanting_a_body <= set(valid), "a largest body is missing"
        query = "&".join(f"group={'x' * 480}" for _ in range(100))
        for (method, path), found in known.items():
            address = re.sub(r"{\w+}", "0f0f0f0f-0000-4000-8000-000000000000", path)
            requests: list[tuple[str, dict[str, Any]]] = []
            if found.body is not None:
                requests += [(address, {"content": content}) for content in much().values()]
                requests += [(address, {"json": valid[path]})]
                requests += [(address, {"json": valid["runs of assets"]})] if path == "runs" else []
            elif method == "GET":
                requests += [(f"{address}?{query}", {})]
                requests += [(re.sub(r"{\w+}", "x" * 20_000, path), {})] if "{" in path else []
            for place, options in requests:

                async def asked(method: str = method, place: str = place, options: Any = options) -> None:
                    response = await ask(method, place, **options)
                    assert response.status_code < 500, (method, place[:100], response.text[:300])

                await kept_free(asked)

    async def test_a_huge_notebook_blocks_nobody(self, ask: Callable[..., Any], jp_root_dir: Path) -> None:
        line = "# " + "x" * 97 + "\n"
        (jp_root_dir / "huge.py").write_text("import os\n" + line * (_NOTEBOOK_BYTES // len(line)))
        cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
        text = json.dumps(
            {"cells": [{**cell, "source": "x" * _NOTEBOOK_BYTES}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        )
        (jp_root_dir / "huge.ipynb").write_text(text)
        for method, path, body in (
            ("POST", "marimo", {"path": "huge.py"}),
            ("POST", "marimo", {"path": "huge.ipynb"}),
            ("GET", "assets", None),
        ):

            async def answered(method: str = method, path: str = path, body: Any = body) -> None:
                response = await ask(method, path, json=body)
                assert response.status_code < 500, response.text[:300]

            await kept_free(answered)

    @pytest.mark.parametrize("kind", ["lines", "pictures"])
    async def test_pairs_just_small_enough_to_compare_block_nobody(
        self, ask: Callable[..., Any], jp_root_dir: Path, kind: str
    ) -> None:
        picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" * 60_000}}
        printed = {"output_type": "stream", "name": "stdout", "text": ["x" * 60 + "\n"] * 9_000}
        cells = [
            {
                "cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": 1, "source": f"x{n} = {n}\nx{n}",
                "outputs": [printed if kind == "lines" else picture],
            }
            for n in range(27)
        ]  # fmt: skip
        metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
        text = json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)
        assert 17_000_000 < len(text) < 20_000_000
        notebook = jp_root_dir / "plot.ipynb"

        async def made() -> None:
            notebook.with_suffix(".py").unlink(missing_ok=True)
            notebook.write_text(text + "\n")
            response = await ask("POST", "pairs", json={"path": "plot.ipynb"})
            assert response.status_code == 201, response.text[:300]

        await kept_free(made)
        edited = notebook.with_suffix(".py").read_text().replace("x3 = 3", "x3 = 33")
        notebook.with_suffix(".py").write_text(edited)
        for method, path in (("GET", "pairs/plot.ipynb"), ("GET", "pairs"), ("PATCH", "pairs/plot.ipynb")):

            async def asked(method: str = method, path: str = path) -> None:
                options = {"json": {"dry_run": True}} if method == "PATCH" else {}
                response = await ask(method, path, **options)
                assert response.status_code == 200, response.text[:300]

            await kept_free(asked)

    async def test_pairs_too_large_to_compare_are_said_to_be_so_and_block_nobody(
        self, ask: Callable[..., Any], jp_root_dir: Path
    ) -> None:
        """A pair with 200 MB of outputs, and one with 10,000 cells: also while the server watches the files."""
        small, line = marimo_text(1), json.dumps("x" * 47)
        metadata = {"daglab": {"base": {}}, "kernelspec": {"name": "python3", "language": "python"}}
        for name in ("outputs", "lone"):
            with (jp_root_dir / f"{name}.ipynb").open("w") as file:
                file.write(
                    '{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": "x",'
                )
                file.write(' "outputs": [{"output_type": "stream", "name": "stdout", "text": [')
                for _ in range(100):
                    file.write(f"{line}, " * (_NOTEBOOK_BYTES // 100 // (len(line) + 2)))
                file.write(f'""]}}]}}], "metadata": {json.dumps(metadata)}, "nbformat": 4, "nbformat_minor": 5}}\n')
        (jp_root_dir / "outputs.py").write_text(small)
        cells = marimo_text(10_000)
        (jp_root_dir / "cells.py").write_text(cells)
        empty = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        (jp_root_dir / "cells.ipynb").write_text(json.dumps(empty))

        async def listed() -> None:
            answer = (await ask("GET", "pairs")).json()
            assert [(pair["ipynb"], pair["state"]) for pair in answer["pairs"]] == [
                ("cells.ipynb", "invalid"), ("lone.ipynb", "invalid"), ("outputs.ipynb", "invalid")
            ], answer  # fmt: skip
            reasons = [pair["reason"] for pair in answer["pairs"]]
            assert reasons[0] == "cells.py is too large for Jupyter to compare: 0.66 MB, and the limit is 0.2 MB"
            assert reasons[2] == "outputs.ipynb is too large for Jupyter to compare: 200.00 MB, and the limit is 20 MB"

        await kept_free(listed)
        for method, path, body in (
            ("GET", "pairs/cells.py", None),
            ("GET", "pairs/outputs.ipynb", None),
            ("PATCH", "pairs/cells.py", {"dry_run": True}),
            ("PATCH", "pairs/outputs.ipynb", {}),
            ("PATCH", "pairs/outputs.ipynb", {"prefer": "py"}),
            ("POST", "pairs", {"path": "cells.ipynb"}),
            ("POST", "pairs", {"path": "lone.ipynb"}),
        ):

            async def refused(method: str = method, path: str = path, body: Any = body) -> None:
                response = await ask(method, path, json=body)
                error = response.json()["error"]
                assert (response.status_code, error["code"]) == (422, "pair-too-large"), response.text[:300]
                assert "daglab sync" in error["remedy"]

            await kept_free(refused)
        assert (jp_root_dir / "cells.py").read_text() == cells
        assert not (jp_root_dir / "lone.py").exists()

        async def edited_on_disk() -> None:
            (jp_root_dir / "outputs.py").write_text(f"{small}\n")
            (jp_root_dir / "cells.py").write_text(f"{cells}\n")
            await asyncio.sleep(1.5)  # the watch comes to them after 0.2 s of quiet

        await kept_free(edited_on_disk)


def marimo_text(cells: int) -> str:
    body = "".join(f"@app.cell\ndef _():\n    x{n} = {n}\n    print(x{n})\n    return\n\n\n" for n in range(cells))
    return f'import marimo\n\napp = marimo.App()\n\n\n{body}if __name__ == "__main__":\n    app.run()\n'
