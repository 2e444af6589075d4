"""``openapi.json``, and the answer to whatever is no resource."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.web import HTTPError

from daglab.server.handler import DaglabHandler
from daglab.server.operation import Route, operation

_made: dict[str, str] = {}


class OpenApiHandler(DaglabHandler):
    """The description of this API."""

    auth_resource = "daglab.dagster"

    @operation("This document", action="read", answers={200: "application/json"})
    async def get(self) -> None:
        """Answer the OpenAPI document of all resources."""
        self.finish(await _document(f"{self.base_url}daglab/api"))


async def _document(address: str) -> str:
    """The document for this address, made once, in a thread."""
    if address not in _made:
        from daglab.server.openapi import openapi_json, prepare
        from daglab.server.routes import ROUTES

        await prepare(ROUTES)
        _made[address] = await asyncio.to_thread(openapi_json, ROUTES, address)
    return _made[address]


class NotFoundHandler(DaglabHandler):
    """Whatever else is asked for below ``daglab/api/``."""

    auth_resource = "daglab.dagster"

    async def prepare(self) -> None:  # type: ignore[override]
        """404, whatever the method, for those who may know."""
        await super().prepare()
        raise HTTPError(404, "daglab has no such resource.")


ROUTES = (Route("openapi.json", OpenApiHandler),)
HANDLERS: list[tuple[str, type[Any]]] = [(r"/daglab/api(?:/.*)?", NotFoundHandler)]
