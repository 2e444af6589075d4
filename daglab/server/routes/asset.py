"""``assets/{key}``: one asset with its events, metadata, checks, partitions and lineage."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from math import prod
from typing import Any

from pydantic import ConfigDict

from daglab.client import AssetDetails, Dimension, Partitions
from daglab.errors import DagsterConnectionError, NotFoundError
from daglab.server.handler import DaglabHandler
from daglab.server.models import Model
from daglab.server.operation import Route, operation
from daglab.server.routes.assets import AssetModel

_MOST_KEYS = 10_000


class _Told(Model):
    """Made from the client's dataclass of like fields."""

    model_config = ConfigDict(from_attributes=True)


class MetadataModel(_Told):
    """One entry of metadata; ``kind`` says what ``value`` is: text, url, markdown, int, table and so on."""

    label: str
    kind: str
    value: Any
    description: str | None


class AssetEventModel(_Told):
    """A materialization or an observation; ``run_id`` is empty where it was reported outside a run."""

    kind: str
    timestamp: float
    run_id: str
    step: str | None
    partition: str | None
    description: str | None
    tags: dict[str, str]
    metadata: list[MetadataModel]


class CheckOutcomeModel(_Told):
    """How a check went for the latest materialization."""

    status: str
    run_id: str
    timestamp: float
    severity: str | None
    description: str | None
    metadata: list[MetadataModel]


class CheckModel(_Told):
    """A check of the asset."""

    name: str
    description: str | None
    blocking: bool
    latest: CheckOutcomeModel | None


class DimensionModel(Model):
    """One dimension of the partitions: how many keys it has, and these; of very many the last 10,000."""

    name: str
    kind: str
    total: int
    keys: list[str]
    dynamic_name: str | None

    @classmethod
    def of(cls, dimension: Dimension) -> DimensionModel:
        """From Dagster's answer."""
        return cls(
            name=dimension.name,
            kind=dimension.kind,
            total=len(dimension.keys),
            keys=list(dimension.keys[-_MOST_KEYS:]),
            dynamic_name=dimension.dynamic_name,
        )


class PartitionsModel(Model):
    """The partitions. ``statuses`` has those that are not missing, of very many 10,000; all are counted."""

    description: str
    dimensions: list[DimensionModel]
    counts: dict[str, int]
    """How many are materialized, failed, materializing and missing."""
    statuses: dict[str, str]

    @classmethod
    def of(cls, partitions: Partitions) -> PartitionsModel:
        """From Dagster's answer."""
        total = prod(len(dimension.keys) for dimension in partitions.dimensions)
        counts: Counter[str] = Counter()
        for span in partitions.spans:
            counts[span.status] += len(span)
        statuses = ((key, span.status) for span in partitions.spans for key in span)
        return cls(
            description=partitions.description,
            dimensions=[DimensionModel.of(dimension) for dimension in partitions.dimensions],
            counts={**counts, "missing": max(total - counts.total(), 0)},
            statuses=dict(islice(statuses, _MOST_KEYS)),
        )


class AssetDetailsModel(AssetModel):
    """One asset with all that Dagster tells of it."""

    upstream: list[str]
    downstream: list[str]
    metadata: list[MetadataModel]
    """Of the definition; that of materializations is in ``events``."""
    checks: list[CheckModel]
    checks_error: str | None
    """Why Dagster cannot tell the checks."""
    partitions: PartitionsModel | None
    config_schema: dict[str, Any] | None
    """JSON Schema of the configuration that its op takes."""
    op_names: list[str]
    job_names: list[str]
    repository: str
    code_version: str | None
    pools: list[str]
    automation: str | None
    stale_reasons: list[str]
    events: list[AssetEventModel]
    """The latest ten materializations and ten observations, newest first."""
    events_error: str | None
    """Why Dagster cannot read the events."""

    @classmethod
    def of(cls, details: AssetDetails, notebook: str | None) -> AssetDetailsModel:
        """From Dagster's answer and the notebook of the project, if one makes the asset."""
        told = {**vars(details.asset), **vars(details), "key": details.asset.key, "notebook": notebook}
        partitions = PartitionsModel.of(details.partitions) if details.partitions else None
        return cls.model_validate({**told, "partitions": partitions}, from_attributes=True)


class AssetHandler(DaglabHandler):
    """One asset."""

    auth_resource = "daglab.assets"

    @operation(
        "One asset with its latest events, checks, partitions and lineage",
        action="read",
        answers={200: AssetDetailsModel},
        errors=(NotFoundError, DagsterConnectionError),
    )
    async def get(self, key: str) -> None:
        """Answer what Dagster tells of the asset now."""
        services = self.services
        details = await services.questions.ask(("asset", key), lambda: services.client.asset(key))
        notebooks = await services.notebooks.paths()
        self.answer(AssetDetailsModel.of(details, notebooks.get(key)))


ROUTES = (Route("assets/{key}", AssetHandler, {"key": ".{1,1024}"}),)
