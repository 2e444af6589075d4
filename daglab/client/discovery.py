"""What a Dagster has: code locations, jobs, assets, schedules and sensors, narrowed by what they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from daglab.client.assets import Asset
from daglab.client.graph import matches_wildcard
from daglab.client.locations import Job, LoadedLocation, Schedule, Sensor
from daglab.client.selection import select

Named = TypeVar("Named", Job, Schedule, Sensor)


@dataclass(frozen=True)
class Discovery:
    """What was found, each sorted by location and name."""

    locations: tuple[LoadedLocation, ...]
    """All of them, or the one asked for; also those that could not be loaded."""
    jobs: tuple[Job, ...]
    assets: tuple[Asset, ...]
    """Sorted by key; their statuses not asked for."""
    schedules: tuple[Schedule, ...]
    sensors: tuple[Sensor, ...]


@dataclass(frozen=True)
class Filter:
    """What to look for. Things that have no such property are left out: a schedule has no owner, no tag, no group."""

    selection: str | None = None
    """In Dagster's asset selection syntax."""
    pattern: str | None = None
    """``*`` stands for any characters of a name, or of an asset's key."""
    tag: str | None = None
    """``key``, or ``key=value``."""
    group: str | None = None
    kind: str | None = None
    owner: str | None = None
    location: str | None = None

    @property
    def assets_only(self) -> bool:
        """Whether only assets have the properties that are looked for."""
        return any(value is not None for value in (self.selection, self.group, self.kind, self.owner))


def narrow(locations: Iterable[LoadedLocation], assets: list[Asset], wanted: Filter) -> Discovery:
    """What of the locations and assets, which are all of a Dagster, is wanted; raises what :func:`select` raises."""
    places = tuple(place for place in locations if wanted.location in (None, place.name))
    chosen = assets if wanted.selection is None else select(assets, wanted.selection)
    others = () if wanted.assets_only else places
    timed = () if wanted.tag is not None else others
    return Discovery(
        locations=places,
        jobs=_named((job for place in others for job in place.jobs if _tagged(job, wanted.tag)), wanted),
        assets=tuple(asset for asset in chosen if _is_wanted(asset, wanted)),
        schedules=_named((schedule for place in timed for schedule in place.schedules), wanted),
        sensors=_named((sensor for place in timed for sensor in place.sensors), wanted),
    )


def _named(things: Iterable[Named], wanted: Filter) -> tuple[Named, ...]:
    found = (thing for thing in things if wanted.pattern is None or matches_wildcard(thing.name, wanted.pattern))
    return tuple(sorted(found, key=lambda thing: (thing.location, thing.repository, thing.name)))


def _is_wanted(asset: Asset, wanted: Filter) -> bool:
    return (
        (wanted.pattern is None or matches_wildcard(asset.key, wanted.pattern))
        and _tagged(asset, wanted.tag)
        and wanted.group in (None, asset.group)
        and (wanted.kind is None or wanted.kind in asset.kinds)
        and (wanted.owner is None or wanted.owner in asset.owners)
        and wanted.location in (None, asset.location)
    )


def _tagged(thing: Asset | Job, tag: str | None) -> bool:
    if tag is None:
        return True
    key, has_value, value = tag.partition("=")
    return thing.tags.get(key) == value if has_value else key in thing.tags
