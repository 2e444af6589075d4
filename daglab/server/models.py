"""What the REST API takes and answers, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from daglab.client import Asset, AssetStatus, DagsterStatus, Run

AssetKeyText = Annotated[str, Field(min_length=1, max_length=1024)]


class Body(BaseModel):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class LaunchBody(Body):
    """POST ``runs``: materialize ``assets`` in one run.

    Asked again with the same ``request_id`` it answers the same run.
    """

    assets: Annotated[list[AssetKeyText], Field(max_length=10_000)]
    request_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None


class MarimoBody(Body):
    """POST ``marimo``: open the notebook at ``path``, relative to the Jupyter server's root, with ``/`` in it."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]


class Fault(BaseModel):
    """An error as in an error answer."""

    code: str
    message: str
    remedy: str
    details: dict[str, Any] = {}


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
    """GET ``status``."""

    version: str
    dagster: DagsterModel
    marimo: MarimoModel
    read_only: bool
    config: dict[str, Any] | None
    """The configuration in force; it has no secrets. None where it is wrong: ``dagster.error`` says how."""


class AssetModel(BaseModel):
    """One asset; ``notebook`` is the path of the notebook that makes it, relative to the Jupyter server's root."""

    key: str
    group: str
    kinds: list[str]
    description: str | None
    dependencies: list[str]
    location: str
    materializable: bool
    partitioned: bool
    status: AssetStatus
    materialized_at: float | None
    run_id: str | None
    notebook: str | None

    @classmethod
    def of(cls, asset: Asset, notebook: str | None) -> AssetModel:
        """From Dagster's answer and the notebook of the project, if one makes the asset."""
        return cls(
            key=asset.key,
            group=asset.group,
            kinds=list(asset.kinds),
            description=asset.description,
            dependencies=list(asset.dependencies),
            location=asset.location,
            materializable=asset.materializable,
            partitioned=asset.partitioned,
            status=asset.status,
            materialized_at=asset.materialized_at,
            run_id=asset.run_id,
            notebook=notebook,
        )


class AssetsModel(BaseModel):
    """GET ``assets``, sorted by key."""

    assets: list[AssetModel]


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


class MarimoSession(BaseModel):
    """Where a notebook is open in marimo: a path on this server, its base URL included."""

    path: str
    url: str
