"""``runs/{run_id}``: follow one run, read its log, end it, run it again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from daglab.client import DagsterClient, RunEvent, RunLogs
from daglab.errors import DagsterConnectionError, LaunchConflictError, NotFoundError, ReadOnlyError, ValidationError
from daglab.server.handler import DaglabHandler
from daglab.server.models import Body, Model, Query
from daglab.server.operation import Route, operation
from daglab.server.routes.asset import MetadataModel
from daglab.server.routes.run_models import RUN_ID, RequestId, RunModel, Tags

_SEARCHED_PAGES = 20
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class EventErrorModel(Model):
    """A Python exception in a run; ``cause`` is the one that it was raised from."""

    model_config = ConfigDict(from_attributes=True)

    class_name: str | None
    message: str
    stack: list[str]
    cause: EventErrorModel | None


class RunEventModel(Model):
    """One line of a run's log; ``kind`` is Dagster's event type, or LOG for what the code of an asset logs itself."""

    model_config = ConfigDict(from_attributes=True)

    timestamp: float
    level: str
    kind: str
    step: str | None
    message: str
    error: EventErrorModel | None
    asset: str | None
    partition: str | None
    metadata: list[MetadataModel]


class RunLogsModel(Model):
    """A page of a log; ``cursor`` continues behind it, also later, when more has been logged."""

    events: list[RunEventModel]
    cursor: str
    has_more: bool


class RunLogsQuery(Query):
    """Which part of a log."""

    cursor: Annotated[str, Field(max_length=4096)] | None = None
    """Of the page before."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    level: Level = "DEBUG"
    """Leave out what is below it."""
    search: Annotated[str, Field(max_length=500)] = ""
    """Only events whose message, step, asset or error has this text, in any case."""


class TerminateQuery(Query):
    """``force``: mark the run as canceled at once, whether or not its processes have ended."""

    force: bool = False


class ReexecuteBody(Body):
    """What to run again; asked again with the same ``request_id`` it answers the same run; 409 where
    anything else was asked for.
    """

    strategy: Literal["all", "from_failure", "from_asset_failure"] = "all"
    """All of it, the failed steps and those after them, or the assets that were not made."""
    tags: Tags
    request_id: RequestId | None = None


class RunHandler(DaglabHandler):
    """One run."""

    auth_resource = "daglab.runs"

    @operation(
        "State and progress of a run",
        action="read",
        answers={200: RunModel},
        errors=(NotFoundError, DagsterConnectionError),
    )
    async def get(self, run_id: str) -> None:
        """Answer the run as it is now."""
        services = self.services
        client, questions = services.client, services.questions
        run = await questions.ask(("run", run_id), lambda: client.run(run_id))
        services.workspace.expect(run)
        health = await questions.ask("daemons", client.daemon_health) if run.status == "QUEUED" else None
        self.answer(RunModel.of(run, client.run_url(run_id), health.launch_problem if health else None))

    @operation(
        "End a run, or take it from the queue",
        action="execute",
        query=TerminateQuery,
        answers={200: RunModel},
        errors=(ReadOnlyError, NotFoundError, ValidationError, DagsterConnectionError),
    )
    async def delete(self, run_id: str) -> None:
        """Answer the run as it is then; its code may still be cleaning up."""
        query, services = self.query(TerminateQuery), self.services
        client = services.client
        run = await client.terminate(run_id, force=query.force)
        services.dagster_changed(run)
        self.answer(RunModel.of(run, client.run_url(run_id)))


class RunLogsHandler(DaglabHandler):
    """The log of one run."""

    auth_resource = "daglab.runs"

    @operation(
        "The log of a run",
        action="read",
        query=RunLogsQuery,
        answers={200: RunLogsModel},
        errors=(NotFoundError, DagsterConnectionError),
    )
    async def get(self, run_id: str) -> None:
        """Answer a page. With ``level`` or ``search`` it may be short, even empty, though there is more."""
        query, client = self.query(RunLogsQuery), self.services.client
        question = ("logs", run_id, query.model_dump_json())
        logs = await self.services.questions.ask(question, lambda: _searched(client, run_id, query))
        events = [RunEventModel.model_validate(event) for event in logs.events]
        self.answer(RunLogsModel(events=events, cursor=logs.cursor, has_more=logs.has_more))


class ReexecuteHandler(DaglabHandler):
    """Running one run again."""

    auth_resource = "daglab.runs"

    @operation(
        "Launch again what a run ran",
        action="execute",
        body=ReexecuteBody,
        answers={201: RunModel},
        errors=(ReadOnlyError, NotFoundError, ValidationError, LaunchConflictError, DagsterConnectionError),
    )
    async def post(self, run_id: str) -> None:
        """Answer the new run as it is after the launch."""
        body, services = self.body(ReexecuteBody), self.services
        run = await services.client.reexecute(run_id, body.strategy, tags=body.tags, request_id=body.request_id)
        services.dagster_changed(run)
        self.answer(RunModel.of(run, run.url, run.launch_problem), 201)


async def _searched(client: DagsterClient, run_id: str, query: RunLogsQuery) -> RunLogs:
    """A page of the log; a search goes on to later pages until it has found something."""
    cursor = query.cursor
    for _ in range(_SEARCHED_PAGES):
        page = await client.run_logs(run_id, cursor, limit=query.limit, level=query.level)
        cursor = page.cursor
        found = tuple(event for event in page.events if _has(event, query.search.casefold()))
        if found or not page.has_more:
            break
    return RunLogs(found, page.cursor, page.has_more)


def _has(event: RunEvent, search: str) -> bool:
    words: list[Any] = [event.message, event.step, event.asset]
    error = event.error
    while error is not None:
        words.append(error.message)
        error = error.cause
    return search in "\n".join(word for word in words if word).casefold()


_PATTERN = {"run_id": RUN_ID}
ROUTES = (
    Route("runs/{run_id}", RunHandler, _PATTERN),
    Route("runs/{run_id}/logs", RunLogsHandler, _PATTERN),
    Route("runs/{run_id}/reexecute", ReexecuteHandler, _PATTERN),
)
