"""``assets``: what Dagster makes, where each asset stands, and the notebook that makes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from daglab.client import AssetStatus
from daglab.errors import DagsterConnectionError, ValidationError
from daglab.server.handler import DaglabHandler
from daglab.server.models import Model, Query
from daglab.server.operation import Route, operation
from daglab.server.workspace import AssetFilter

Words = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]], Field(max_length=100, default_factory=list)
]


class AssetModel(Model):
    """One asset; ``notebook`` is the path of the notebook that makes it, relative to the Jupyter server's root."""

    key: str
    group: str
    kinds: list[str]
    description: str | None
    dependencies: list[str]
    location: str
    tags: dict[str, str]
    owners: list[str]
    materializable: bool
    partitioned: bool
    has_checks: bool
    has_config: bool
    status: AssetStatus
    materialized_at: float | None
    """Seconds since the epoch."""
    run_id: str | None
    """The run that is in progress or failed, for the statuses ``running`` and ``failed``."""
    failed_checks: list[str]
    """Checks that failed for the latest materialization; those of severity WARN are in ``warned_checks``."""
    warned_checks: list[str]
    status_error: str | None
    """Why Dagster cannot tell where the asset stands, for the status ``unknown``."""
    notebook: str | None


class AssetsModel(Model):
    """Assets, sorted by key. ``total`` counts those on other pages too; ``cursor`` leads to the next page, if any."""

    assets: list[AssetModel]
    total: int
    cursor: str | None


class AssetsQuery(Query):
    """Which assets. A parameter given several times takes any of its values; different ones must all hold."""

    text: Annotated[str, Field(max_length=500)] = ""
    """Words, each of which is in key, group, description, kinds, tags or owners."""
    group: Words
    kind: Words
    tag: Words
    """``name`` or ``name=value``."""
    owner: Words
    location: Words
    status: Annotated[list[AssetStatus], Field(max_length=100, default_factory=list)]
    selection: Annotated[str, Field(max_length=2000)] = ""
    """In Dagster's selection syntax: ``group:sales and not kind:dbt``, ``+key:"sales/orders"``."""
    limit: Annotated[int, Field(ge=1, le=20_000)] | None = None
    """Most assets of the answer; without it, all."""
    cursor: Annotated[str, Field(max_length=1024)] | None = None
    """Of the page before."""

    def filter(self) -> AssetFilter:
        """What the workspace is asked for."""
        return AssetFilter(
            text=self.text,
            groups=frozenset(self.group),
            kinds=frozenset(self.kind),
            tags=frozenset(self.tag),
            owners=frozenset(self.owner),
            locations=frozenset(self.location),
            statuses=frozenset(status.value for status in self.status),
            selection=self.selection,
            cursor=self.cursor,
            limit=self.limit,
        )


class AssetsHandler(DaglabHandler):
    """All assets."""

    auth_resource = "daglab.assets"
    _etag: str | None = None

    @operation(
        "Assets with their statuses and notebooks",
        action="read",
        query=AssetsQuery,
        answers={200: AssetsModel, 304: None},
        errors=(ValidationError, DagsterConnectionError),
    )
    async def get(self) -> None:
        """Answer the assets, sorted by key; 304 to who has that list, by its ETag."""
        wanted = self.query(AssetsQuery).filter()
        workspace = self.services.workspace
        edition = await workspace.edition(await self.services.notebooks.paths())
        zipped = _takes_gzip(self.request.headers.get("Accept-Encoding", ""))
        self._etag = f'"{edition.tag}{"-gzip" if zipped else ""}"'
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Vary", "Accept-Encoding, Authorization, Cookie")
        self.set_etag_header()
        unchanged = self.check_etag_header()
        found = edition.made(wanted) if unchanged else await edition.list(wanted)
        if found is not None:
            workspace.see(found.keys)
        if unchanged or found is None:
            self.set_status(304)
            self.finish()
            return
        if zipped:
            self.set_header("Content-Encoding", "gzip")
        self.finish(found.gzipped if zipped else found.plain)

    def compute_etag(self) -> str | None:
        """The edition's, not a hash of the bytes."""
        return self._etag


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding names gzip, and not with a quality of 0."""
    for part in accepted.split(","):
        name, _, quality = part.replace(" ", "").lower().partition(";q=")
        if name == "gzip":
            return quality.strip("0.") != "" or not quality
    return False


ROUTES = (Route("assets", AssetsHandler),)
