"""``notebooks``: which files of a folder are notebooks, and which of them belong together."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field

from daglab.errors import MissingFileError, RequestError
from daglab.server.folder_notebooks import NotebookModel, notebooks_in
from daglab.server.handler import DaglabHandler
from daglab.server.models import Model, Query
from daglab.server.operation import Route, operation
from daglab.server.paths import confined_folder


class NotebooksQuery(Query):
    """The notebooks in ``folder`` (default: the server's root), those below it left out."""

    folder: Annotated[str, Field(max_length=4096)] = ""


class NotebooksModel(Model):
    """The notebooks in a folder, each once, told by what the files hold."""

    notebooks: list[NotebookModel]


class NotebooksHandler(DaglabHandler):
    """The notebooks of one folder."""

    auth_resource = "daglab.pairs"

    @operation(
        "The notebooks in a folder, and their halves",
        action="read",
        query=NotebooksQuery,
        answers={200: NotebooksModel},
        errors=(RequestError, MissingFileError),
    )
    async def get(self) -> None:
        """Answer them; the files are read now."""
        root, path = self.services.root, self.query(NotebooksQuery).folder
        self.refuse_if_hidden(path)
        folder = confined_folder(root, path)
        self.answer(NotebooksModel(notebooks=await asyncio.to_thread(notebooks_in, root, folder)))


ROUTES = (Route("notebooks", NotebooksHandler),)
