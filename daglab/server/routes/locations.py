"""``locations`` and ``jobs``: what Dagster has loaded, or why it could not."""

from __future__ import annotations

from typing import Literal

from daglab.client import LoadedLocation
from daglab.errors import DagsterConnectionError, NotFoundError, ReadOnlyError, ValidationError
from daglab.server.handler import DaglabHandler
from daglab.server.models import Model
from daglab.server.operation import Route, operation
from daglab.server.workspace import location_state


class JobModel(Model):
    """A job; ``makes_assets`` tells one that materializes assets from one of ops."""

    name: str
    location: str
    repository: str
    description: str | None
    makes_assets: bool
    partitioned: bool
    """Whether each run of it is one of a partition."""
    tags: dict[str, str]


class JobsModel(Model):
    """Jobs, sorted by location and name."""

    jobs: list[JobModel]


class LocationModel(Model):
    """A code location; ``error`` is why its definitions could not be loaded. Times are seconds since the epoch."""

    name: str
    state: Literal["loaded", "loading", "error"]
    error: str | None
    updated_at: float
    reloadable: bool
    repositories: list[str]
    jobs: int
    assets: int
    versions: dict[str, str] | None
    """Dagster's libraries there."""

    @classmethod
    def of(cls, location: LoadedLocation, assets: int) -> LocationModel:
        """From Dagster's answer, and how many assets are made there."""
        return cls(
            name=location.name,
            state=location_state(location),
            error=location.error,
            updated_at=location.updated_at,
            reloadable=location.reloadable,
            repositories=[repository.name for repository in location.repositories],
            jobs=len(location.jobs),
            assets=assets,
            versions=None if location.versions is None else dict(location.versions),
        )


class LocationsModel(Model):
    """Code locations, sorted by name."""

    locations: list[LocationModel]


class LocationsHandler(DaglabHandler):
    """All code locations."""

    auth_resource = "daglab.dagster"

    @operation(
        "Code locations, and why one could not be loaded",
        action="read",
        answers={200: LocationsModel},
        errors=(DagsterConnectionError,),
    )
    async def get(self) -> None:
        """Answer the code locations, sorted by name."""
        workspace = self.services.workspace
        await workspace.refresh()
        counts = workspace.graph.counts
        found = [LocationModel.of(location, counts.get(location.name, 0)) for location in workspace.locations]
        self.answer(LocationsModel(locations=found))


class ReloadHandler(DaglabHandler):
    """Reloading one code location."""

    auth_resource = "daglab.dagster"

    @operation(
        "Load the definitions of a code location anew",
        action="execute",
        answers={200: LocationModel},
        errors=(ReadOnlyError, NotFoundError, ValidationError, DagsterConnectionError),
    )
    async def post(self, name: str) -> None:
        """Answer the location once it is loaded, which takes some seconds, or could not be: see its ``state``."""
        workspace = self.services.workspace
        await self.services.client.reload_location(name)
        self.services.dagster_changed()
        await workspace.refresh()
        location = next((location for location in workspace.locations if location.name == name), None)
        if location is None:
            raise NotFoundError(f"The code location {name} is gone.", remedy="look at the list of locations")
        self.answer(LocationModel.of(location, workspace.graph.counts.get(name, 0)))


class JobsHandler(DaglabHandler):
    """All jobs."""

    auth_resource = "daglab.dagster"

    @operation(
        "Jobs, without Dagster's implicit ones of all assets",
        action="read",
        answers={200: JobsModel},
        errors=(DagsterConnectionError,),
    )
    async def get(self) -> None:
        """Answer the jobs, sorted by location and name."""
        workspace = self.services.workspace
        await workspace.refresh()
        jobs = [job for location in workspace.locations for job in location.jobs]
        jobs.sort(key=lambda job: (job.location, job.repository, job.name))
        self.answer(JobsModel(jobs=[JobModel.model_validate(job, from_attributes=True) for job in jobs]))


ROUTES = (
    Route("jobs", JobsHandler),
    Route("locations", LocationsHandler),
    Route("locations/{name}/reload", ReloadHandler, {"name": ".{1,255}"}),
)
