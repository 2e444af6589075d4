"""The REST handlers under ``daglab/api/``."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

from tornado.web import HTTPError

from daglab import __version__
from daglab.errors import DaglabError, NotebookError
from daglab.notebook.cells import is_notebook
from daglab.server.handler import DaglabHandler
from daglab.server.models import (
    AssetModel,
    AssetsModel,
    DagsterModel,
    Fault,
    LaunchBody,
    MarimoBody,
    MarimoModel,
    MarimoSession,
    RunModel,
    StatusModel,
)
from daglab.server.paths import confined_file, relative_to_root


class StatusHandler(DaglabHandler):
    """GET ``status``: versions, whether Dagster answers and why not, the configuration in force."""

    auth_resource = "daglab.status"

    async def get(self) -> None:
        """Always 200: what is wrong is in the answer, with its remedy."""
        services = self.services
        self.answer(
            StatusModel(
                version=__version__,
                dagster=await self._dagster(),
                marimo=MarimoModel(version=version("marimo"), running=services.marimo.running),
                read_only=services.read_only,
                config=services.config.to_json() if services.config else None,
            )
        )

    async def _dagster(self) -> DagsterModel:
        try:
            return DagsterModel.of(await self.services.client.status())
        except DaglabError as error:
            address = self.services.dagster.address if self.services.dagster else None
            return DagsterModel(reachable=False, address=address, error=Fault(**error.to_json()["error"]))


class AssetsHandler(DaglabHandler):
    """GET ``assets``: all assets with their statuses and their notebooks."""

    auth_resource = "daglab.assets"

    async def get(self) -> None:
        """503 when Dagster cannot be reached."""
        assets, notebooks = await asyncio.gather(self.services.client.assets(), self.services.notebooks.paths())
        self.answer(AssetsModel(assets=[AssetModel.of(asset, notebooks.get(asset.key)) for asset in assets]))


class RunsHandler(DaglabHandler):
    """POST ``runs``: launch a run that materializes assets."""

    auth_resource = "daglab.runs"

    async def post(self) -> None:
        """201 with the run; 422 for what Dagster cannot run, 404 for an unknown asset, 403 when read only."""
        body = self.body(LaunchBody)
        run = await self.services.client.submit_assets(body.assets, request_id=body.request_id)
        self.answer(RunModel.of(run), 201)


class RunHandler(DaglabHandler):
    """GET ``runs/{id}``: state and progress of a run."""

    auth_resource = "daglab.runs"

    async def get(self, run_id: str) -> None:
        """404 for an unknown run."""
        client = self.services.client
        run = await client.run(run_id)
        problem = (await client.status()).launch_problem if run.status == "QUEUED" else None
        self.answer(RunModel.of(run, problem))


class MarimoHandler(DaglabHandler):
    """POST ``marimo``: open a notebook in marimo, which is started when it does not run."""

    auth_resource = "daglab.marimo"

    async def post(self) -> None:
        """The notebook's page; 400 for a malformed path, 404 for no file, 422 for a file that is no marimo notebook."""
        services = self.services
        body = self.body(MarimoBody)
        self.refuse_if_read_only("marimo can change notebooks")
        path = await asyncio.to_thread(self._notebook, body.path)
        await services.marimo.ensure()
        self.answer(MarimoSession(path=path, url=services.marimo.page(path)))

    def _notebook(self, path: str) -> str:
        file = confined_file(self.services.root, path)
        try:
            text = file.read_text("utf-8") if file.suffix == ".py" else ""
        except (OSError, UnicodeDecodeError):
            text = ""
        if not is_notebook(text):
            raise NotebookError(
                f"{path} is not a marimo notebook.", remedy="open the .py half of the pair", details={"path": path}
            )
        relative = relative_to_root(self.services.root, file)
        assert relative is not None  # it is confined
        return relative


class NotFoundHandler(DaglabHandler):
    """Whatever else is asked for below ``daglab/api/``."""

    auth_resource = "daglab.status"

    async def prepare(self) -> None:  # type: ignore[override]
        """404, whatever the method, for those who may know."""
        await super().prepare()
        raise HTTPError(404, "daglab has no such resource.")


HANDLERS: list[tuple[str, type[Any]]] = [
    (r"/daglab/api/status", StatusHandler),
    (r"/daglab/api/assets", AssetsHandler),
    (r"/daglab/api/runs", RunsHandler),
    (r"/daglab/api/runs/([A-Za-z0-9_-]{1,64})", RunHandler),
    (r"/daglab/api/marimo", MarimoHandler),
    (r"/daglab/api(?:/.*)?", NotFoundHandler),
]
