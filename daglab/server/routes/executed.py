"""``executed``: what a run has kept of a notebook, with its outputs; as .ipynb, or as a page on which nothing runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Literal
from urllib.parse import quote

from daglab.errors import MissingFileError, RequestError, StorageError
from daglab.executed_names import file_name
from daglab.server.executed import executed_notebook
from daglab.server.executed_page import made_apart
from daglab.server.handler import DaglabHandler
from daglab.server.lane import BusyServerError, Lane
from daglab.server.models import Query
from daglab.server.operation import Route, operation

_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'"
)
_SECONDS = 60.0
# A store that hangs, or a page that takes long, must keep nothing else waiting.
_STORES = Lane("executed notebooks", threads=4, waiting=100)
_PAGES = Lane("pages of executed notebooks", threads=2, waiting=20)


class ExecutedQuery(Query):
    """``html`` is a page, without scripts and sanitised."""

    format: Literal["ipynb", "html"] = "ipynb"


class ExecutedHandler(DaglabHandler):
    """One executed notebook."""

    auth_resource = "daglab.runs"

    @operation(
        "The notebook of an asset as a run has executed it",
        action="read",
        query=ExecutedQuery,
        answers={200: "application/x-ipynb+json, text/html"},
        errors=(RequestError, MissingFileError, StorageError, BusyServerError),
    )
    async def get(self, run_id: str, asset: str) -> None:
        """Answer the notebook with its outputs; runs that failed have one up to the failure."""
        query = self.query(ExecutedQuery)
        config, project = self.services.config, self.services.live.project
        content = await _within_seconds(partial(executed_notebook, config, project, run_id, asset))
        self.set_header("Content-Security-Policy", _POLICY)
        if query.format == "html":
            page = await _PAGES.run(partial(made_apart, content, asset))
            self.finish(page, set_content_type="text/html; charset=utf-8")
            return
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file_name(asset))}")
        self.finish(content, set_content_type="application/x-ipynb+json")


async def _within_seconds(read: Callable[[], bytes]) -> bytes:
    try:
        return await asyncio.wait_for(_STORES.run(read), _SECONDS)
    except asyncio.TimeoutError:
        raise StorageError(
            f"The store of executed notebooks has not answered for {_SECONDS:g} s.", remedy="try again later"
        ) from None


ROUTES = (
    Route("executed/{run_id}/{asset}", ExecutedHandler, {"run_id": r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "asset": ".+"}),
)
