"""``assets``: what Dagster makes, where each asset stands, and the notebook that makes it."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from daglab.client import Asset, AssetStatus
from daglab.errors import DagsterConnectionError
from daglab.server.handler import DaglabHandler
from daglab.server.operation import Route, operation


class AssetModel(BaseModel):
    """One asset; ``notebook`` is the path of the notebook that makes it, relative to the Jupyter server's root."""

    key: str
    group: str
    kinds: list[str]
    description: str | None
    dependencies: list[str]
    location: str
    materializable: bool
    partitioned: bool
    status: AssetStatus
    materialized_at: float | None
    """Seconds since the epoch."""
    run_id: str | None
    """The run that is in progress or failed, for the statuses ``running`` and ``failed``."""
    notebook: str | None

    @classmethod
    def of(cls, asset: Asset, notebook: str | None) -> AssetModel:
        """From Dagster's answer and the notebook of the project, if one makes the asset."""
        return cls(
            key=asset.key,
            group=asset.group,
            kinds=list(asset.kinds),
            description=asset.description,
            dependencies=list(asset.dependencies),
            location=asset.location,
            materializable=asset.materializable,
            partitioned=asset.partitioned,
            status=asset.status,
            materialized_at=asset.materialized_at,
            run_id=asset.run_id,
            notebook=notebook,
        )


class AssetsModel(BaseModel):
    """Assets, sorted by key."""

    assets: list[AssetModel]


class AssetsHandler(DaglabHandler):
    """All assets."""

    auth_resource = "daglab.assets"

    @operation(
        "All assets with their statuses and notebooks",
        action="read",
        answers={200: AssetsModel},
        errors=(DagsterConnectionError,),
    )
    async def get(self) -> None:
        """Answer the assets, sorted by key."""
        assets, notebooks = await asyncio.gather(self.services.client.assets(), self.services.notebooks.paths())
        self.answer(AssetsModel(assets=[AssetModel.of(asset, notebooks.get(asset.key)) for asset in assets]))


ROUTES = (Route("assets", AssetsHandler),)
