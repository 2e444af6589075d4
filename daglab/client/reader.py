"""DagsterReader: all that daglab asks of one Dagster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from daglab.client import run_config as run_config_
from daglab.client import subscriptions
from daglab.client.asset_details import AssetDetails, fetch_asset
from daglab.client.assets import Asset, AssetState, fetch_definitions, fetch_states, with_state
from daglab.client.backfills import Backfill, fetch_backfill
from daglab.client.credentials import Credentials, Refresh
from daglab.client.discovery import Discovery, Filter, narrow
from daglab.client.documents import instance as documents
from daglab.client.events import RunLogs, fetch_logs
from daglab.client.instance import DaemonHealth, DagsterStatus, fetch_daemons, parse_status
from daglab.client.launch import require_selection
from daglab.client.launching import known_assets
from daglab.client.locations import Job, LoadedLocation, fetch_locations, find_job
from daglab.client.outcomes import ConfigFault
from daglab.client.pulse import Pulse, fetch_progress, fetch_pulse
from daglab.client.run_config import RunConfigSchema
from daglab.client.run_list import list_runs
from daglab.client.runs import Run, RunPage, fetch_run, fetch_status, run_url
from daglab.client.selection import select
from daglab.client.strangers import naming_odd_answers
from daglab.client.subscriptions import LocationChange
from daglab.client.transport import Transport
from daglab.client.waiting import wait_for_run
from daglab.errors import ValidationError

if TYPE_CHECKING:
    from typing_extensions import Self

    from daglab.config_model import Dagster


Selection = str | Sequence[str]
"""Keys of assets, or a text in Dagster's selection syntax."""


@naming_odd_answers
class DagsterReader:
    """What can be asked of a Dagster; :class:`DagsterClient` adds what changes it.

    All methods raise DagsterConnectionError when Dagster cannot be reached, AuthenticationError when it refuses the
    credentials, and DagsterError for failures of its own. Times are seconds, points in time seconds since the epoch.
    Keys of assets are written ``sales/orders``. A selection is a list of keys, or a text in Dagster's selection syntax.
    """

    def __init__(self, dagster: Dagster, *, refresh: Refresh | None = None) -> None:
        self._transport = Transport(dagster.address, Credentials(dagster.auth, refresh), dagster.timeout)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    @property
    def address(self) -> str:
        """Where Dagster answers."""
        return self._transport.address

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def status(self) -> DagsterStatus:
        """Version, code locations, and whether launched runs will start. Asked once: a failure is an answer as well."""
        return parse_status(await self._transport.query(documents.INSTANCE, patient=False), self.address)

    async def version(self) -> str:
        """The version of Dagster's web server, such as ``1.12.3``."""
        return str((await self._transport.query(documents.VERSION))["version"])

    async def daemon_health(self) -> DaemonHealth:
        """The daemons, and why launched runs would stay QUEUED."""
        return await fetch_daemons(self._transport)

    async def locations(self) -> tuple[LoadedLocation, ...]:
        """All code locations with their repositories, jobs, schedules and sensors, or why they could not be loaded."""
        return await fetch_locations(self._transport)

    async def jobs(self) -> list[Job]:
        """The jobs of all code locations, sorted by location and name; without Dagster's implicit jobs of assets."""
        jobs = [job for location in await self.locations() for job in location.jobs]
        return sorted(jobs, key=lambda job: (job.location, job.repository, job.name))

    async def discover(
        self,
        selection: str | None = None,
        *,
        pattern: str | None = None,
        tag: str | None = None,
        group: str | None = None,
        kind: str | None = None,
        owner: str | None = None,
        location: str | None = None,
    ) -> Discovery:
        """Locations, jobs, assets, schedules and sensors; what lacks a property that is looked for is left out.

        Args:
            selection: of assets, in Dagster's selection syntax.
            pattern: of names and of keys of assets; ``*`` stands for any characters.
            tag: ``key``, or ``key=value``, of assets and jobs.
            group: of assets.
            kind: of assets.
            owner: of assets: a mail address, or ``team:name``.
            location: name of a code location.

        Raises:
            ValidationError: the selection is not valid.
        """
        wanted = Filter(selection, pattern, tag, group, kind, owner, location)
        places, assets = await asyncio.gather(self.locations(), self.definitions())
        return narrow(places, assets, wanted)

    async def definitions(self, keys: Sequence[str] | None = None) -> list[Asset]:
        """All assets, or those of ``keys`` that Dagster has, sorted by key, without asking where they stand."""
        return await fetch_definitions(self._transport, keys)

    async def statuses(self, keys: Sequence[str], *, checked: Sequence[str] | None = None) -> dict[str, AssetState]:
        """Key -> where the asset stands, in one query; unknown keys are left out.

        Args:
            keys: of the assets.
            checked: the ones whose checks are asked for; None: all of ``keys``. To name only those that have checks
                (``Asset.has_checks``) makes a large query cheaper.
        """
        return await fetch_states(self._transport, keys, keys if checked is None else checked)

    async def assets(self, keys: Sequence[str] | None = None) -> list[Asset]:
        """All assets, or those of ``keys`` that Dagster has, with their statuses, sorted by key."""
        assets = await self.definitions(keys)
        checked = [asset.key for asset in assets if asset.has_checks]
        states = await self.statuses([asset.key for asset in assets], checked=checked)
        return [with_state(asset, states.get(asset.key)) for asset in assets]

    async def asset(self, key: str, *, events: int = 10) -> AssetDetails:
        """One asset with its checks, configuration, partitions, and at most ``events`` events of each kind.

        Raises:
            NotFoundError: Dagster has no such asset; the remedy names the nearest.
        """
        return await fetch_asset(self._transport, key, events=events)

    async def backfill_status(self, backfill_id: str) -> Backfill:
        """State and runs of a backfill; raises NotFoundError for an unknown one."""
        return await fetch_backfill(self._transport, backfill_id)

    async def runs(
        self,
        limit: int = 25,
        cursor: str | None = None,
        *,
        statuses: Sequence[str] = (),
        job: str | None = None,
        asset: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> RunPage:
        """A page of runs, newest first.

        Args:
            limit: most runs of the page, 1 to 1,000.
            cursor: of the page before.
            statuses: only runs in one of these RunStatuses.
            job: only runs of this job.
            asset: only runs that were to make this asset.
            tags: only runs with all of these tags.

        Raises:
            ValidationError: an unknown status, or another limit.
            NotFoundError: an unknown asset.
        """
        return await list_runs(
            self._transport, limit=limit, cursor=cursor, statuses=statuses, job=job, asset=asset, tags=tags or {}
        )

    async def run(self, run_id: str) -> Run:
        """State and progress of a run, with its failures when it failed; raises NotFoundError for an unknown one."""
        return await fetch_run(self._transport, run_id)

    async def run_status(self, run_id: str) -> str:
        """The RunStatus alone, which is the cheapest to ask for; raises NotFoundError for an unknown run."""
        return await fetch_status(self._transport, run_id)

    def run_url(self, run_id: str) -> str:
        """The page of a run in Dagster's own UI."""
        return run_url(self.address, run_id)

    async def run_logs(
        self, run_id: str, cursor: str | None = None, *, limit: int = 1000, level: str = "DEBUG"
    ) -> RunLogs:
        """A page of a run's log behind ``cursor``: at most ``limit`` events, those below ``level`` left out.

        Raises:
            NotFoundError: an unknown run.
            ValidationError: an unknown level, or a limit beyond 1,000.
        """
        return await fetch_logs(self._transport, run_id, cursor, limit, level)

    async def wait(self, run_id: str, *, timeout: float = 3600, check: bool = True) -> Run:
        """The run once it has ended; Dagster may restart meanwhile.

        Raises:
            RunFailedError: it ended without success, unless ``check`` is false.
            RunTimeoutError: it has not ended after ``timeout`` seconds; the remedy says why it does not start.
            NotFoundError: an unknown run.
        """
        run = await wait_for_run(self._transport, run_id, timeout)
        if check:
            run.raise_for_failure()
        return run

    async def pulse(self) -> Pulse:
        """What changes all the time, for those who follow it: the versions of the locations, the states of runs."""
        return await fetch_pulse(self._transport)

    async def progress(self, run_ids: Sequence[str]) -> list[Run]:
        """Those of the runs that Dagster has, with their progress, without their failures."""
        return await fetch_progress(self._transport, run_ids)

    def watch_locations(self) -> AsyncGenerator[LocationChange, None]:
        """Each change of a code location as Dagster pushes it, until the generator is closed.

        Raises DagsterConnectionError when the connection ends; to subscribe again is up to the caller.
        """
        return subscriptions.watch_locations(self._transport)

    def watch_run(self, run_id: str, cursor: str | None = None) -> AsyncGenerator[RunLogs, None]:
        """The log of a run behind ``cursor`` page by page as Dagster pushes it, up to the run's end.

        Raises NotFoundError for an unknown run, and DagsterConnectionError when the connection ends; the last page's
        cursor continues.
        """
        return subscriptions.watch_run(self._transport, run_id, cursor)

    async def validate_config(
        self,
        run_config: Mapping[str, Any],
        *,
        job: str | None = None,
        assets: Selection = (),
        repository: str | None = None,
        location: str | None = None,
        partitions: Sequence[str] | None = None,
    ) -> list[ConfigFault]:
        """All faults of the configuration of a run of a job, or of assets; an empty list: it is valid.

        ``partitions`` are those of the run, or of a backfill, and judged with it; None: they are not. Where the
        configuration is empty, the one is judged that a partitioned job has for its partition.

        Raises:
            NotFoundError: an unknown job or asset.
            ValidationError: neither or both are named, several jobs have the name, no one run makes the assets, or a
                partition is missing or wrong.
        """
        target = await self._target(job, assets, repository, location)
        if isinstance(target, Job):
            return await run_config_.validate_job(self._transport, target, partitions, run_config)
        return await run_config_.validate_assets(self._transport, target, partitions, run_config)

    async def run_config_schema(
        self,
        *,
        job: str | None = None,
        assets: Selection = (),
        repository: str | None = None,
        location: str | None = None,
    ) -> RunConfigSchema:
        """What the configuration of a run of a job, or of assets, may be; raises as :meth:`validate_config` does."""
        target = await self._target(job, assets, repository, location)
        selector = target.selector() if isinstance(target, Job) else run_config_.asset_selector(target)
        return await run_config_.fetch_schema(self._transport, selector)

    async def _target(
        self, job: str | None, assets: Selection, repository: str | None, location: str | None
    ) -> Job | list[Asset]:
        if (job is None) != bool(assets):
            raise ValidationError("A job or assets are needed, not both.", remedy="name one of them")
        if job is None:
            return await known_assets(self._transport, await self._keys(assets))
        return find_job(await self.locations(), job, repository, location)

    async def _keys(self, selection: Selection) -> list[str]:
        """The keys that are selected; raises ValidationError for none."""
        if isinstance(selection, str):
            selection = [asset.key for asset in select(await self.definitions(), selection)]
        return require_selection(selection)
