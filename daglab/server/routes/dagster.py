"""``dagster``: starts the project's Dagster, and ends the one that was started."""

from __future__ import annotations

from typing import Literal

from daglab.errors import ConfigError, DagsterConflictError, ProcessError, ReadOnlyError
from daglab.server.handler import DaglabHandler
from daglab.server.models import Model
from daglab.server.operation import Route, operation
from daglab.server.supervisor import Standing


class DagsterServerModel(Model):
    """The Dagster that this server started.

    ``external``: none, because one of the project answers that was started elsewhere. ``restarts`` counts how often
    it was started anew after it had died, ``last_words`` are then the last lines of its log.
    """

    state: Literal["stopped", "starting", "running", "restarting", "failed", "external"]
    since: float | None
    """Seconds since the epoch."""
    pid: int | None = None
    restarts: int = 0
    last_words: str = ""

    @classmethod
    def of(cls, standing: Standing) -> DagsterServerModel:
        """From the supervisor's word."""
        return cls(
            state=standing.state,
            since=standing.since,
            pid=standing.pid,
            restarts=standing.restarts,
            last_words=standing.last_words,
        )


class DagsterHandler(DaglabHandler):
    """The project's Dagster."""

    auth_resource = "daglab.dagster"

    @operation(
        "Start Dagster for the project, and keep it alive",
        action="execute",
        answers={200: DagsterServerModel, 202: DagsterServerModel},
        errors=(ReadOnlyError, ConfigError, DagsterConflictError, ProcessError),
    )
    async def post(self) -> None:
        """Answer at once: 202 while it starts (`status` and the events of `dagster` tell the rest), 200 when it runs.

        It ends with the Jupyter server.
        """
        self.refuse_if_read_only("Nothing is started")
        services = self.services
        if not await services.dagster_server.start(services.live.project, services.client):
            self.answer(DagsterServerModel(state="external", since=None))
            return
        standing = services.dagster_server.standing
        self.answer(DagsterServerModel.of(standing), 200 if standing.state == "running" else 202)

    @operation(
        "End the Dagster that was started here",
        action="execute",
        answers={200: DagsterServerModel},
        errors=(ReadOnlyError, ConfigError, DagsterConflictError),
    )
    async def delete(self) -> None:
        """Answer when it has ended, with all its runs; also where none had been started."""
        self.refuse_if_read_only("Nothing is ended")
        services = self.services
        await services.dagster_server.stop(services.client)
        self.answer(DagsterServerModel.of(services.dagster_server.standing))


ROUTES = (Route("dagster", DagsterHandler),)
