"""``marimo``: notebooks opened in the marimo editor of this server."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import BaseModel, Field

from daglab.errors import MissingFileError, NotebookError, ProcessError, ReadOnlyError
from daglab.notebook.cells import is_notebook
from daglab.server.handler import Body, DaglabHandler
from daglab.server.operation import Route, operation
from daglab.server.paths import confined_file, relative_to_root


class MarimoBody(Body):
    """Open the notebook at ``path``, relative to the Jupyter server's root, with ``/`` in it."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]


class MarimoSession(BaseModel):
    """Where a notebook is open in marimo: ``url`` is a path on this server, its base URL included."""

    path: str
    url: str


class MarimoHandler(DaglabHandler):
    """The editor and its sessions."""

    auth_resource = "daglab.marimo"

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


ROUTES = (Route("marimo", MarimoHandler),)
