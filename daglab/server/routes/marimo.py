"""``marimo``: notebooks opened in the marimo editor of this server."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Annotated

from pydantic import Field

from daglab.errors import MissingFileError, MissingSessionError, NotebookError, ProcessError, ReadOnlyError
from daglab.server.folder_notebooks import HEAD_BYTES, makes_app
from daglab.server.handler import DaglabHandler
from daglab.server.marimo_sessions import Session
from daglab.server.models import Body, Model
from daglab.server.operation import Route, operation
from daglab.server.paths import read_confined, relative_to_root
from daglab.server.services import Services


class MarimoBody(Body):
    """Open the notebook at ``path``, relative to the Jupyter server's root, with ``/`` in it."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]


class MarimoSession(Model):
    """Where a notebook is open in marimo: ``url`` is a path on this server, its base URL included."""

    path: str
    url: str


class OpenNotebookModel(Model):
    """A notebook that is open in marimo, whether or not a page shows it.

    ``path`` is null for one that was never saved, or that lies outside of the server's root; then ``url``, the page on
    this server, is null as well.
    """

    session: str
    name: str
    path: str | None
    url: str | None


class MarimoStateModel(Model):
    """The marimo editor behind this server; ``sessions`` has the latest first."""

    version: str
    running: bool
    sessions: list[OpenNotebookModel]

    @classmethod
    def of(cls, services: Services, sessions: list[Session]) -> MarimoStateModel:
        """With the editor as it is now."""
        marimo = services.marimo
        shown = [
            OpenNotebookModel(
                session=one.id, name=one.name, path=one.path, url=marimo.page(one.path) if one.path else None
            )
            for one in sessions
        ]
        return cls(version=version("marimo"), running=marimo.running, sessions=shown)


class MarimoHandler(DaglabHandler):
    """The editor and its sessions."""

    auth_resource = "daglab.marimo"

    @operation(
        "Whether marimo runs, and which notebooks are open in it",
        action="read",
        answers={200: MarimoStateModel},
        errors=(ProcessError,),
    )
    async def get(self) -> None:
        """Answer the editor's state; it isn't started."""
        self.answer(MarimoStateModel.of(self.services, await self.services.marimo.sessions()))

    @operation(
        "Open a notebook in marimo, which is started when it does not run",
        action="execute",
        body=MarimoBody,
        answers={200: MarimoSession},
        errors=(ReadOnlyError, MissingFileError, NotebookError, ProcessError),
    )
    async def post(self) -> None:
        """Answer the notebook's page."""
        services = self.services
        body = self.body(MarimoBody)
        self.refuse_if_read_only("marimo can change notebooks")
        self.refuse_if_hidden(body.path)
        path = await asyncio.to_thread(self._notebook, body.path)
        await services.marimo.ensure()
        self.answer(MarimoSession(path=path, url=services.marimo.page(path)))

    def _notebook(self, path: str) -> str:
        file, head = read_confined(self.services.root, path, HEAD_BYTES)
        if file.suffix != ".py" or not makes_app(head):
            raise NotebookError(
                f"{path} is not a marimo notebook.", remedy="open the .py half of the pair", details={"path": path}
            )
        relative = relative_to_root(self.services.root, file)
        assert relative is not None  # it is confined
        return relative


class MarimoSessionHandler(DaglabHandler):
    """One open notebook."""

    auth_resource = "daglab.marimo"

    @operation(
        "Close a notebook in marimo and end its kernel",
        action="execute",
        answers={200: MarimoStateModel},
        errors=(MissingSessionError, ProcessError),
    )
    async def delete(self, session: str) -> None:
        """Answer the editor's state after that."""
        self.answer(MarimoStateModel.of(self.services, await self.services.marimo.close(session)))


ROUTES = (
    Route("marimo", MarimoHandler),
    Route("marimo/{session}", MarimoSessionHandler, {"session": r"[A-Za-z0-9_-]{1,128}"}),
)
