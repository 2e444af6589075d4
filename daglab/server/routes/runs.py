"""``runs``: launch a run, list them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from daglab.client import DagsterClient, RunPage
from daglab.errors import DagsterConnectionError, LaunchConflictError, NotFoundError, ReadOnlyError, ValidationError
from daglab.server.handler import DaglabHandler
from daglab.server.models import Model, Query
from daglab.server.operation import Route, operation
from daglab.server.routes.run_models import AssetKeyText, Name, RequestId, RunConfig, RunModel, RunTarget, Tags

RunStatusName = Literal[
    "QUEUED", "NOT_STARTED", "MANAGED", "STARTING", "STARTED", "SUSPENDED", "SUCCESS", "FAILURE", "CANCELING",
    "CANCELED",
]  # fmt: skip


class LaunchBody(RunTarget):
    """One run: of ``assets``, with their checks, or of a whole ``job``.

    Asked again with the same ``request_id`` it answers the same run; 409 where anything else was asked for.
    """

    partition: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """Of the assets, or of the job; ``2026-01-01|north`` where they have two dimensions."""
    run_config: RunConfig
    tags: Tags
    request_id: RequestId | None = None


class RunsQuery(Query):
    """Which runs; all parameters must hold."""

    limit: Annotated[int, Field(ge=1, le=200)] = 25
    cursor: Annotated[str, Field(max_length=64)] | None = None
    """Of the page before."""
    status: Annotated[list[RunStatusName], Field(max_length=20, default_factory=list)]
    """Any of these."""
    job: Name | None = None
    asset: AssetKeyText | None = None
    tag: Annotated[
        list[Annotated[str, Field(pattern="^[^=]+=", max_length=1024)]], Field(max_length=20, default_factory=list)
    ]
    """``name=value``; the run has all of these."""


class RunsModel(Model):
    """Runs, newest first; ``cursor`` leads to the next page, and is null after the last."""

    runs: list[RunModel]
    cursor: str | None


class RunsHandler(DaglabHandler):
    """All runs."""

    auth_resource = "daglab.runs"

    @operation(
        "Runs, newest first",
        action="read",
        query=RunsQuery,
        answers={200: RunsModel},
        errors=(NotFoundError, DagsterConnectionError),
    )
    async def get(self) -> None:
        """Answer a page of runs. With ``asset`` it may be short, even empty, though there are more: see ``cursor``."""
        query, client = self.query(RunsQuery), self.services.client
        page = await self.services.questions.ask(
            ("runs", query.model_dump_json()),
            lambda: _page(client, query),
        )
        runs = [RunModel.of(run, client.run_url(run.run_id)) for run in page.runs]
        self.answer(RunsModel(runs=runs, cursor=page.cursor))

    @operation(
        "Launch a run of assets or of a job",
        action="execute",
        body=LaunchBody,
        answers={201: RunModel},
        errors=(ReadOnlyError, NotFoundError, ValidationError, LaunchConflictError, DagsterConnectionError),
    )
    async def post(self) -> None:
        """Answer the run as it is after the launch."""
        body, services = self.body(LaunchBody), self.services
        partitions = [body.partition] if body.partition is not None else []
        if body.job is not None:
            run = await services.client.submit_job(
                body.job,
                body.repository,
                body.location,
                body.run_config,
                partitions=partitions,
                tags=body.tags,
                request_id=body.request_id,
            )
        else:
            run = await services.client.submit_assets(
                body.assets or [],
                partitions=partitions,
                config=body.run_config,
                tags=body.tags,
                request_id=body.request_id,
            )
        services.dagster_changed(run)
        self.answer(RunModel.of(run, run.url, run.launch_problem), 201)


async def _page(client: DagsterClient, query: RunsQuery) -> RunPage:
    """The page, with the progress of those of its runs that have not ended."""
    page = await client.runs(
        query.limit,
        query.cursor,
        statuses=query.status,
        job=query.job,
        asset=query.asset,
        tags=dict(tag.split("=", 1) for tag in query.tag),
    )
    unfinished = [run.run_id for run in page.runs if not run.is_final]
    progress = {run.run_id: run for run in await client.progress(unfinished)}
    return replace(page, runs=tuple(progress.get(run.run_id, run) for run in page.runs))


ROUTES = (Route("runs", RunsHandler),)
