"""Code locations with their repositories, jobs, schedules and sensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from daglab.client.documents import instance as documents
from daglab.client.instance import Location, parse_location
from daglab.client.transport import Transport, member
from daglab.errors import DagsterError, NotFoundError, ValidationError, did_you_mean

_RELOAD = "reload the code location if it is new"
_RELOAD_SECONDS = 600.0
"""At most; all of the location's code is imported anew."""


@dataclass(frozen=True)
class Job:
    """A job; ``makes_assets`` tells one that materializes assets from one of ops."""

    name: str
    location: str
    repository: str
    description: str | None
    makes_assets: bool
    tags: Mapping[str, str]
    partition_set: str | None = None
    """Dagster's name for its partitions; None: a run of it has no partition."""

    @property
    def partitioned(self) -> bool:
        """Whether each run is one of a partition."""
        return self.partition_set is not None

    def selector(self) -> dict[str, Any]:
        """Dagster's PipelineSelector of it."""
        return {"repositoryLocationName": self.location, "repositoryName": self.repository, "pipelineName": self.name}


@dataclass(frozen=True)
class Schedule:
    """A schedule; ``status`` is RUNNING or STOPPED."""

    name: str
    location: str
    repository: str
    description: str | None
    job: str
    cron: str
    timezone: str | None
    status: str


@dataclass(frozen=True)
class Sensor:
    """A sensor; ``status`` is RUNNING or STOPPED, ``interval`` in seconds, ``type`` Dagster's."""

    name: str
    location: str
    repository: str
    description: str | None
    jobs: tuple[str, ...]
    interval: int
    type: str
    status: str


@dataclass(frozen=True)
class Repository:
    """A repository of a code location."""

    name: str
    jobs: tuple[Job, ...]
    schedules: tuple[Schedule, ...]
    sensors: tuple[Sensor, ...]


@dataclass(frozen=True)
class LoadedLocation(Location):
    """A code location with what it defines; nothing while it loads, or when it could not be loaded."""

    updated_at: float = 0
    """Seconds since the epoch."""
    reloadable: bool = False
    versions: Mapping[str, str] | None = None
    """Dagster's libraries there; None: not known."""
    repositories: tuple[Repository, ...] = ()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of all its repositories."""
        return tuple(job for repository in self.repositories for job in repository.jobs)

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules of all its repositories."""
        return tuple(schedule for repository in self.repositories for schedule in repository.schedules)

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """The sensors of all its repositories."""
        return tuple(sensor for repository in self.repositories for sensor in repository.sensors)


async def fetch_locations(transport: Transport) -> tuple[LoadedLocation, ...]:
    """All code locations, sorted by name."""
    data = await transport.query(documents.LOCATIONS)
    entries = member(data["workspaceOrError"], "Workspace")["locationEntries"]
    return tuple(sorted((_location(entry) for entry in entries), key=lambda location: location.name))


async def reload_location(transport: Transport, name: str) -> Location:
    """Load a code location anew; answers how that ended.

    Raises:
        NotFoundError: there is no such location.
        ValidationError: it cannot be reloaded.
    """

    def unsupported(message: str) -> ValidationError:
        return ValidationError(message, remedy="restart the server of its code")

    known = await fetch_locations(transport)
    if name not in {location.name for location in known}:
        raise NotFoundError(
            f"Dagster has no code location {name}.", remedy=did_you_mean(name, (location.name for location in known))
        )
    timeout = max(_RELOAD_SECONDS, transport.timeout)
    data = await transport.mutate(documents.RELOAD_LOCATION, {"name": name}, timeout=timeout)
    errors: dict[str, Callable[[str], DagsterError]] = {"ReloadNotSupported": unsupported}
    return parse_location(
        member(
            data["reloadRepositoryLocation"],
            "WorkspaceLocationEntry",
            {**errors, "RepositoryLocationNotFound": NotFoundError},
        )
    )


def find_job(locations: tuple[LoadedLocation, ...], name: str, repository: str | None, location: str | None) -> Job:
    """The one job of that name, in the repository and location where these are given.

    Raises:
        NotFoundError: there is none; the remedy names the nearest, and locations that could not be loaded.
        ValidationError: there are several; ``details["candidates"]`` has them.
    """
    every = [job for place in locations for job in place.jobs]
    within = [job for job in every if location in (None, job.location) and repository in (None, job.repository)]
    found = [job for job in within if job.name == name]
    if len(found) == 1:
        return found[0]
    candidates = [{"location": job.location, "repository": job.repository} for job in found]
    if found:
        raise ValidationError(
            f"Several jobs are called {name}: in {', '.join(f'{x.location} ({x.repository})' for x in found)}.",
            remedy="name the location, and the repository if it has several",
            details={"candidates": candidates},
        )
    elsewhere = [job.location for job in every if job.name == name]
    hints = [f"it is in {', '.join(elsewhere)}" if elsewhere else did_you_mean(name, {job.name for job in within})]
    if broken := [place.name for place in locations if place.error and location in (None, place.name)]:
        hints.append(f"{', '.join(broken)} could not be loaded")
    where = " ".join(filter(None, (location, repository)))
    raise NotFoundError(
        f"Dagster has no job {name}{f' in {where}' if where else ''}.", remedy="; ".join(filter(None, hints)) or _RELOAD
    )


def _location(entry: Mapping[str, Any]) -> LoadedLocation:
    location = parse_location(entry)
    loaded = entry["locationOrLoadError"] or {}
    versions = loaded.get("dagsterLibraryVersions")
    return LoadedLocation(
        **vars(location),
        updated_at=entry["updatedTimestamp"],
        reloadable=loaded.get("isReloadSupported", False),
        versions=None if versions is None else {version["name"]: version["version"] for version in versions},
        repositories=tuple(_repository(location.name, repository) for repository in loaded.get("repositories", ())),
    )


def _repository(location: str, repository: Mapping[str, Any]) -> Repository:
    name = repository["name"]
    partition_sets = {found["pipelineName"]: found["name"] for found in repository["partitionSets"]}
    jobs = (
        Job(
            name=job["name"],
            location=location,
            repository=name,
            description=job["description"],
            makes_assets=job["isAssetJob"],
            tags=_tags(job["tags"]),
            partition_set=partition_sets.get(job["name"]),
        )
        for job in repository["jobs"]
        if not job["name"].startswith("__")  # Dagster's implicit jobs of all assets
    )
    schedules = (
        Schedule(
            name=schedule["name"],
            location=location,
            repository=name,
            description=schedule["description"],
            job=schedule["pipelineName"],
            cron=schedule["cronSchedule"],
            timezone=schedule["executionTimezone"],
            status=schedule["scheduleState"]["status"],
        )
        for schedule in repository["schedules"]
    )
    sensors = (
        Sensor(
            name=sensor["name"],
            location=location,
            repository=name,
            description=sensor["description"],
            jobs=tuple(target["pipelineName"] for target in sensor["targets"] or ()),
            interval=sensor["minIntervalSeconds"],
            type=sensor["sensorType"],
            status=sensor["sensorState"]["status"],
        )
        for sensor in repository["sensors"]
    )
    return Repository(name, tuple(jobs), tuple(schedules), tuple(sensors))


def _tags(tags: list[Mapping[str, str]]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in tags}
