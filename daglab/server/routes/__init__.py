"""The REST API's resources, one module each: what it takes and answers, and its handlers."""

from __future__ import annotations

from typing import Any

from daglab.server.operation import Route
from daglab.server.routes import (
    asset,
    assets,
    backfills,
    dagster,
    document,
    events,
    executed,
    locations,
    marimo,
    notebooks,
    pairs,
    run,
    runs,
    status,
)

ROUTES: tuple[Route, ...] = (
    *status.ROUTES, *dagster.ROUTES, *assets.ROUTES, *asset.ROUTES, *locations.ROUTES, *runs.ROUTES, *run.ROUTES,
    *backfills.ROUTES, *marimo.ROUTES, *notebooks.ROUTES, *pairs.ROUTES, *executed.ROUTES, *events.ROUTES,
    *document.ROUTES,
)  # fmt: skip
"""Every resource, in the order in which they are documented."""

HANDLERS: list[tuple[str, type[Any]]] = [
    *((route.regex, route.handler) for route in ROUTES),
    *events.HANDLERS,
    *document.HANDLERS,
]
"""All of ``daglab/api/`` for Tornado; the last one takes what no other does."""
