"""``status``: versions, whether Dagster answers and why not, the configuration in force."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from daglab import __version__
from daglab.client import DagsterStatus
from daglab.errors import DaglabError
from daglab.server.handler import DaglabHandler, Fault
from daglab.server.operation import Route, operation


class LocationModel(BaseModel):
    """A code location; ``error`` is why its definitions could not be loaded."""

    name: str
    loading: bool
    error: str | None


class DagsterModel(BaseModel):
    """Whether Dagster answers; ``launch_problem`` is why launched runs would stay QUEUED."""

    reachable: bool
    address: str | None
    version: str | None = None
    locations: list[LocationModel] = []
    launch_problem: str | None = None
    error: Fault | None = None

    @classmethod
    def of(cls, status: DagsterStatus) -> DagsterModel:
        """From a Dagster that answered."""
        return cls(
            reachable=True,
            address=status.address,
            version=status.version,
            locations=[LocationModel(name=x.name, loading=x.loading, error=x.error) for x in status.locations],
            launch_problem=status.launch_problem,
        )


class MarimoModel(BaseModel):
    """The marimo editor behind this server."""

    version: str
    running: bool


class StatusModel(BaseModel):
    """Where things stand; always told, whatever is wrong."""

    version: str
    dagster: DagsterModel
    marimo: MarimoModel
    read_only: bool
    config: dict[str, Any] | None
    """The configuration in force; it has no secrets. None where it is wrong: ``dagster.error`` says how."""


class StatusHandler(DaglabHandler):
    """Versions, Dagster, marimo, configuration."""

    auth_resource = "daglab.dagster"

    @operation("Where things stand", action="read", answers={200: StatusModel})
    async def get(self) -> None:
        """Always 200: what is wrong is in the answer, with its remedy."""
        services = self.services
        self.answer(
            StatusModel(
                version=__version__,
                dagster=await self._dagster(),
                marimo=MarimoModel(version=version("marimo"), running=services.marimo.running),
                read_only=services.read_only,
                config=None if services.live.error else services.config.to_json(),
            )
        )

    async def _dagster(self) -> DagsterModel:
        try:
            return DagsterModel.of(await self.services.client.status())
        except DaglabError as error:
            address = None if self.services.live.error else self.services.client.address
            return DagsterModel(reachable=False, address=address, error=Fault(**error.to_json()["error"]))


ROUTES = (Route("status", StatusHandler),)
