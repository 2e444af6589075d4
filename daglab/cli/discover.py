"""``daglab discover``: what a running Dagster has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from daglab.cli.dagster_options import LocationOption, UrlOption, configuration
from daglab.cli.output import JsonOption, Output, QuietOption, columns

if TYPE_CHECKING:
    from daglab.client import Discovery

Kind = Literal["assets", "jobs", "locations", "repos", "schedules", "sensors"]
Row = dict[str, Any]

KindArgument = Annotated[Kind | None, typer.Argument(help="Only these; without it, all.", show_default=False)]
SelectOption = Annotated[
    str | None,
    typer.Option("--select", metavar="SELECTION", help="Assets, in Dagster's selection syntax.", show_default=False),
]
PatternOption = Annotated[
    str | None,
    typer.Option("--pattern", help="Of names and asset keys; * stands for any characters.", show_default=False),
]
TagOption = Annotated[
    str | None,
    typer.Option("--tags", "--tag", metavar="KEY[=VALUE]", help="Of assets and jobs.", show_default=False),
]
GroupOption = Annotated[str | None, typer.Option("--group", help="Of assets.", show_default=False)]
AssetKindOption = Annotated[str | None, typer.Option("--kind", help="Of assets, such as dbt.", show_default=False)]
OwnerOption = Annotated[
    str | None, typer.Option("--owner", help="Of assets: a mail address, or team:name.", show_default=False)
]


def discover(
    what: KindArgument = None,
    select: SelectOption = None,
    pattern: PatternOption = None,
    tag: TagOption = None,
    group: GroupOption = None,
    kind: AssetKindOption = None,
    owner: OwnerOption = None,
    location: LocationOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what Dagster has: assets, jobs, code locations, repositories, schedules, sensors.

    What lacks a property that is asked for is left out: a schedule has no group. Exit code 5: Dagster can't be
    reached; 6: it refuses the credentials. With --json, of what is asked for: {"assets": [{"key", "group", "kinds",
    "description", "dependencies", "location", "repository", "jobs", "materializable", "partitioned", "tags",
    "owners"}], "jobs": [{"name", "location", "repository", "description", "makes_assets", "partitioned", "tags"}],
    "locations": [{"name", "state", "error", "updated_at"}], "repos": [{"name", "location", "jobs", "schedules",
    "sensors"}],
    "schedules": [{"name", "location", "repository", "description", "job", "cron", "timezone", "status"}], "sensors":
    [{"name", "location", "repository", "description", "jobs", "interval", "type", "status"}]}.
    """
    from daglab.client import BlockingDagsterClient
    from daglab.client.graph import matches_wildcard

    out = Output(as_json, quiet)
    with BlockingDagsterClient(configuration(url).dagster) as client:
        found = client.discover(
            select, pattern=pattern, tag=tag, group=group, kind=kind, owner=owner, location=location
        )
    shown = {name: rows(found) for name, rows in _ROWS.items() if what in (None, name)}
    for name in _PLACES & shown.keys():
        of_others = any(value is not None for value in (select, tag, group, kind, owner))
        shown[name] = [] if of_others else [row for row in shown[name] if matches_wildcard(row["name"], pattern or "*")]
    out.result(shown, _lines(shown, titled=what is None))
    for place in found.locations:
        if place.error:
            out.note(f"{place.name} could not be loaded: {place.error.splitlines()[-1]}", "yellow")
        elif place.loading:
            out.note(f"{place.name} is still loading", "yellow")
    if not any(shown.values()):
        out.note(f"Dagster has no such {what or 'things'}")


def _lines(shown: dict[str, list[Row]], *, titled: bool) -> Iterator[str]:
    for name, rows in shown.items():
        if not rows:
            continue
        if titled:
            yield f"{name}:"
        table = [[_cell(row[column]) for column in _COLUMNS[name]] for row in rows]
        yield from (f"  {line}" if titled else line for line in columns(table))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(value) or "-"
    return str(value).strip().partition("\n")[0] or "-"


def _assets(found: Discovery) -> list[Row]:
    fields = ("key", "group", "kinds", "description", "dependencies", "location", "repository")
    more = ("materializable", "partitioned", "tags", "owners")
    return [
        {**_row(asset, fields), "jobs": [job for job in asset.job_names if job[:2] != "__"], **_row(asset, more)}
        for asset in found.assets
    ]


def _locations(found: Discovery) -> list[Row]:
    return [
        {
            "name": place.name,
            "state": "failed" if place.error else "loading" if place.loading else "loaded",
            **_row(place, ("error", "updated_at")),
        }
        for place in found.locations
    ]


def _repositories(found: Discovery) -> list[Row]:
    return [
        {
            "name": repository.name,
            "location": place.name,
            "jobs": [job.name for job in repository.jobs],
            "schedules": [schedule.name for schedule in repository.schedules],
            "sensors": [sensor.name for sensor in repository.sensors],
        }
        for place in found.locations
        for repository in place.repositories
    ]


def _row(thing: Any, fields: Sequence[str]) -> Row:
    values = {field: getattr(thing, field) for field in fields}
    return {field: list(value) if isinstance(value, tuple) else value for field, value in values.items()}


_NAMED = ("name", "location", "repository", "description")
_ROWS: dict[str, Callable[[Discovery], list[Row]]] = {
    "assets": _assets,
    "jobs": lambda found: [_row(job, (*_NAMED, "makes_assets", "partitioned", "tags")) for job in found.jobs],
    "locations": _locations,
    "repos": _repositories,
    "schedules": lambda found: [_row(x, (*_NAMED, "job", "cron", "timezone", "status")) for x in found.schedules],
    "sensors": lambda found: [_row(x, (*_NAMED, "jobs", "interval", "type", "status")) for x in found.sensors],
}
_PLACES = {"locations", "repos"}  # where things are; they have names and nothing else that is looked for
_COLUMNS = {
    "assets": ("key", "group", "kinds", "location", "description"),
    "jobs": ("name", "location", "description"),
    "locations": ("name", "state"),
    "repos": ("name", "location", "jobs"),
    "schedules": ("name", "location", "cron", "status", "job"),
    "sensors": ("name", "location", "type", "status", "jobs"),
}
