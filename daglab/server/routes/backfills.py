"""``backfills``: runs for several partitions, launched together."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator
from typing_extensions import Self

from daglab.client import Backfill
from daglab.errors import DagsterConnectionError, LaunchConflictError, NotFoundError, ReadOnlyError, ValidationError
from daglab.server.handler import DaglabHandler
from daglab.server.models import Model
from daglab.server.operation import Route, operation
from daglab.server.routes.run_models import RequestId, RunConfig, RunTarget, Tags


class BackfillBody(RunTarget):
    """Make ``partitions`` of ``assets``, or run a ``job`` for them, or for all of them.

    Asked again with the same ``request_id`` it answers the same backfill; 409 where anything else was asked for.
    """

    partitions: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1024)]],
        Field(max_length=100_000, default_factory=list),
    ]
    all_partitions: bool = False
    run_config: RunConfig
    tags: Tags
    title: Annotated[str, Field(max_length=200)] | None = None
    request_id: RequestId | None = None

    @model_validator(mode="after")
    def _some_or_all(self) -> Self:
        if bool(self.partitions) == self.all_partitions:
            raise ValueError("name partitions, or ask for all_partitions")
        return self


class BackfillModel(Model):
    """A backfill; ``status`` is Dagster's, times are seconds since the epoch."""

    id: str
    status: str
    final: bool
    assets: list[str]
    partitions: int | None
    """How many."""
    runs: dict[str, str]
    """Id -> status of its runs, of many the latest 1,000."""
    created_at: float
    ended_at: float | None
    error: str | None
    tags: dict[str, str]

    @classmethod
    def of(cls, backfill: Backfill) -> BackfillModel:
        """From Dagster's answer."""
        return cls(
            id=backfill.backfill_id,
            status=backfill.status,
            final=backfill.is_final,
            assets=list(backfill.assets),
            partitions=backfill.partitions,
            runs=dict(backfill.runs),
            created_at=backfill.created_at,
            ended_at=backfill.ended_at,
            error=backfill.error,
            tags=dict(backfill.tags),
        )


class BackfillsHandler(DaglabHandler):
    """All backfills."""

    auth_resource = "daglab.runs"

    @operation(
        "Launch runs for several partitions of assets or of a job",
        action="execute",
        body=BackfillBody,
        answers={201: BackfillModel},
        errors=(ReadOnlyError, NotFoundError, ValidationError, LaunchConflictError, DagsterConnectionError),
    )
    async def post(self) -> None:
        """Answer the backfill as it is after the launch; Dagster's daemon launches its runs."""
        body, services = self.body(BackfillBody), self.services
        how: dict[str, Any] = body.model_dump(include={"all_partitions", "tags", "title", "request_id"}) | {
            "config": body.run_config
        }
        if body.job is not None:
            how |= {"repository": body.repository, "location": body.location}
            backfill = await services.client.backfill_job(body.job, body.partitions, **how)
        else:
            backfill = await services.client.backfill(body.assets or [], body.partitions, **how)
        services.dagster_changed()
        self.answer(BackfillModel.of(backfill), 201)


class BackfillHandler(DaglabHandler):
    """One backfill."""

    auth_resource = "daglab.runs"

    @operation(
        "State and runs of a backfill",
        action="read",
        answers={200: BackfillModel},
        errors=(NotFoundError, DagsterConnectionError),
    )
    async def get(self, backfill_id: str) -> None:
        """Answer the backfill as it is now."""
        services = self.services
        found = await services.questions.ask(
            ("backfill", backfill_id), lambda: services.client.backfill_status(backfill_id)
        )
        self.answer(BackfillModel.of(found))

    @operation(
        "End a backfill and its runs",
        action="execute",
        answers={200: BackfillModel},
        errors=(ReadOnlyError, NotFoundError, DagsterConnectionError),
    )
    async def delete(self, backfill_id: str) -> None:
        """Answer the backfill as it is then."""
        services = self.services
        backfill = await services.client.cancel_backfill(backfill_id)
        services.dagster_changed()
        self.answer(BackfillModel.of(backfill))


ROUTES = (
    Route("backfills", BackfillsHandler),
    Route("backfills/{backfill_id}", BackfillHandler, {"backfill_id": r"[A-Za-z0-9_-]{1,64}"}),
)
