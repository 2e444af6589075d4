"""``runs``: launch a run and follow it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from daglab.client import Run
from daglab.errors import DagsterConnectionError, NotFoundError, ReadOnlyError, ValidationError
from daglab.server.handler import Body, DaglabHandler
from daglab.server.operation import Route, operation

AssetKeyText = Annotated[str, Field(min_length=1, max_length=1024)]


class LaunchBody(Body):
    """Materialize ``assets`` in one run.

    Asked again with the same ``request_id`` it answers the same run.
    """

    assets: Annotated[list[AssetKeyText], Field(max_length=10_000)]
    request_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None


class FailureModel(BaseModel):
    """Why a run failed."""

    step: str | None
    message: str
    cause: str | None


class RunModel(BaseModel):
    """A run; times in seconds since the epoch. ``problem`` is why a queued run is not going to start."""

    id: str
    status: str
    final: bool
    assets: list[str]
    steps_total: int
    steps_done: int
    created_at: float
    started_at: float | None
    ended_at: float | None
    failures: list[FailureModel]
    problem: str | None = None

    @classmethod
    def of(cls, run: Run, problem: str | None = None) -> RunModel:
        """From Dagster's answer."""
        return cls(
            id=run.run_id,
            status=run.status,
            final=run.is_final,
            assets=list(run.assets),
            steps_total=run.steps_total,
            steps_done=run.steps_done,
            created_at=run.created_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
            failures=[FailureModel(step=x.step, message=x.message, cause=x.cause) for x in run.failures],
            problem=problem,
        )


class RunsHandler(DaglabHandler):
    """All runs."""

    auth_resource = "daglab.runs"

    @operation(
        "Launch a run that materializes assets",
        action="execute",
        body=LaunchBody,
        answers={201: RunModel},
        errors=(ReadOnlyError, NotFoundError, ValidationError, DagsterConnectionError),
    )
    async def post(self) -> None:
        """Answer the run as it is after the launch."""
        body = self.body(LaunchBody)
        run = await self.services.client.submit_assets(body.assets, request_id=body.request_id)
        self.answer(RunModel.of(run), 201)


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
        client = self.services.client
        run = await client.run(run_id)
        problem = (await client.status()).launch_problem if run.status == "QUEUED" else None
        self.answer(RunModel.of(run, problem))


ROUTES = (
    Route("runs", RunsHandler),
    Route("runs/{run_id}", RunHandler, {"run_id": r"[A-Za-z0-9_-]{1,64}"}),
)
