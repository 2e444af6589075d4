"""``status``: versions, whether Dagster answers and why not, the configuration in force."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pydantic import Field

from daglab import __version__
from daglab.client import DagsterStatus
from daglab.errors import DaglabError
from daglab.server.dagster_state import look_at, problems
from daglab.server.handler import DaglabHandler, Fault
from daglab.server.models import Model
from daglab.server.operation import Route, operation
from daglab.server.routes.dagster import DagsterServerModel
from daglab.server.supervisor import Standing


class LocationStateModel(Model):
    """A code location; ``error`` is why its definitions could not be loaded."""

    name: str
    loading: bool
    error: str | None


class ProblemModel(Model):
    """Something that keeps Dagster from being used in full; ``remedy`` says what to do."""

    code: str
    message: str
    remedy: str


class DagsterModel(Model):
    """Whether Dagster answers; ``launch_problem`` is why launched runs would stay QUEUED.

    ``state`` is ``ok`` or the code of the first of ``problems``, the gravest. ``error`` is why it is not reachable.
    """

    state: str
    problems: list[ProblemModel]
    server: DagsterServerModel
    reachable: bool
    address: str | None
    version: str | None = None
    locations: list[LocationStateModel] = Field(default=[])
    launch_problem: str | None = None
    error: Fault | None = None

    @classmethod
    def of(cls, answer: DagsterStatus | DaglabError, address: str | None, standing: Standing) -> DagsterModel:
        """From Dagster's answer, or the error in its place, and the supervisor's word."""
        found = problems(answer, standing)
        told = [ProblemModel(code=x.code, message=x.message, remedy=x.remedy) for x in found]
        model = cls(
            state=found[0].code if found else "ok",
            problems=told,
            server=DagsterServerModel.of(standing),
            reachable=isinstance(answer, DagsterStatus),
            address=address,
        )
        if isinstance(answer, DagsterStatus):
            model.version = answer.version
            model.locations = [
                LocationStateModel(name=place.name, loading=place.loading, error=place.error)
                for place in answer.locations
            ]
            model.launch_problem = answer.launch_problem
        else:
            model.error = Fault(**vars(found[0]), details=answer.details)
        return model


class MarimoModel(Model):
    """The marimo editor behind this server."""

    version: str
    running: bool


class StatusModel(Model):
    """Where things stand; always told, whatever is wrong."""

    version: str
    dagster: DagsterModel
    marimo: MarimoModel
    read_only: bool
    config: dict[str, Any] | None
    """The configuration in force; it has no secrets. None where it is wrong: ``dagster.error`` says how."""


class StatusHandler(DaglabHandler):
    """Versions, Dagster, marimo, configuration."""

    auth_resource = "daglab.dagster"

    @operation("Where things stand", action="read", answers={200: StatusModel})
    async def get(self) -> None:
        """Always 200: what is wrong is in the answer, with its remedy."""
        services = self.services
        self.answer(
            StatusModel(
                version=__version__,
                dagster=await self._dagster(),
                marimo=MarimoModel(version=version("marimo"), running=services.marimo.running),
                read_only=services.read_only,
                config=None if services.live.error else services.config.to_json(),
            )
        )

    async def _dagster(self) -> DagsterModel:
        services = self.services
        answer: DagsterStatus | DaglabError
        try:
            client = services.client
            answer = await services.questions.ask("status", lambda: look_at(client))
        except DaglabError as error:
            answer = error
        address = None if services.live.error else services.client.address
        return DagsterModel.of(answer, address, services.dagster_server.standing)


ROUTES = (Route("status", StatusHandler),)
