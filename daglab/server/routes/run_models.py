"""Runs as the REST API tells them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from daglab.client import Run
from daglab.server.models import Body, Model

_MOST_VALUES = 20_000
AssetKeyText = Annotated[str, Field(min_length=1, max_length=1024)]
Name = Annotated[str, Field(min_length=1, max_length=255)]
RequestId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Tags = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=255)], Annotated[str, Field(max_length=4096)]],
    Field(max_length=100, default_factory=dict),
]


def _not_too_much(config: dict[str, Any]) -> dict[str, Any]:
    """Raise ValueError for more values than can be sent on without keeping all others waiting."""
    waiting: list[Any] = [config]
    count = 0
    while waiting and count <= _MOST_VALUES:
        inner = waiting.pop()
        if isinstance(inner, dict | list):
            count += len(inner)
            waiting += inner.values() if isinstance(inner, dict) else inner
    if count > _MOST_VALUES:
        raise ValueError(f"it has more than {_MOST_VALUES} values")
    return config


RunConfig = Annotated[dict[str, Any], Field(default_factory=dict), AfterValidator(_not_too_much)]


class RunTarget(Body):
    """What is to be run: ``assets``, with their checks, or a whole ``job``."""

    assets: Annotated[list[AssetKeyText], Field(max_length=10_000)] | None = None
    job: Name | None = None
    location: Name | None = None
    """Of the job, where several have its name."""
    repository: Name | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.assets is None) == (self.job is None):
            raise ValueError("give either assets or a job")
        if self.job is None and (self.location or self.repository):
            raise ValueError("location and repository are given for a job only")
        return self


RUN_ID = r"[A-Za-z0-9_-]{1,64}"


class FailureModel(Model):
    """Why a run failed: the step, the outer and the innermost message."""

    step: str | None
    message: str
    cause: str | None


class RunModel(Model):
    """A run; times in seconds since the epoch. ``problem`` is why a queued run is not going to start.

    Lists tell no ``failures``, and ``steps_done`` and ``steps_total`` only of runs that have not ended; they are empty
    and 0 otherwise. ``steps_total`` is 0 also where Dagster doesn't tell it in a list.
    """

    id: str
    status: str
    final: bool
    job: str
    location: str | None
    assets: list[str]
    """Keys of the assets that were selected; empty for a job that was launched whole."""
    partition: str | None
    tags: dict[str, str]
    parent_run_id: str | None
    """The run that this one re-executes."""
    can_terminate: bool
    steps_total: int
    steps_done: int
    created_at: float
    started_at: float | None
    ended_at: float | None
    failures: list[FailureModel]
    problem: str | None = None
    url: str
    """Its page in Dagster's own UI."""

    @classmethod
    def of(cls, run: Run, url: str, problem: str | None = None) -> RunModel:
        """From Dagster's answer."""
        return cls(
            id=run.run_id,
            status=run.status,
            final=run.is_final,
            job=run.job_name,
            location=run.location,
            assets=list(run.assets),
            partition=run.partition,
            tags=dict(run.tags),
            parent_run_id=run.parent_run_id,
            can_terminate=run.can_terminate,
            steps_total=run.steps_total,
            steps_done=run.steps_done,
            created_at=run.created_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
            failures=[FailureModel(step=x.step, message=x.message, cause=x.cause) for x in run.failures],
            problem=problem,
            url=url,
        )
