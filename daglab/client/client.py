"""DagsterClient: all that daglab asks of one Dagster, and has it do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from daglab.client import backfills, launching, locations, subscriptions
from daglab.client.asset_details import AssetDetails, fetch_asset
from daglab.client.assets import Asset, AssetState, fetch_definitions, fetch_states, with_state
from daglab.client.backfills import Backfill
from daglab.client.credentials import Credentials, Refresh
from daglab.client.documents import instance as documents
from daglab.client.events import RunLogs, fetch_logs
from daglab.client.instance import DaemonHealth, DagsterStatus, Location, fetch_daemons, parse_status
from daglab.client.launch import require_selection
from daglab.client.launching import RunSubmitResult
from daglab.client.locations import Job, LoadedLocation, fetch_locations, find_job
from daglab.client.pulse import Pulse, fetch_progress, fetch_pulse
from daglab.client.requests import Requests
from daglab.client.run_list import list_runs
from daglab.client.runs import Run, RunPage, fetch_run, fetch_status
from daglab.client.subscriptions import LocationChange
from daglab.client.transport import Transport
from daglab.client.waiting import wait_for_run
from daglab.errors import ReadOnlyError

if TYPE_CHECKING:
    from typing_extensions import Self

    from daglab.config_model import Dagster


class DagsterClient:
    """An async client of one Dagster, used as ``async with DagsterClient(config.dagster) as client``.

    All methods raise DagsterConnectionError when Dagster cannot be reached, AuthenticationError when it refuses the
    credentials, and DagsterError for failures of its own. Times are seconds, points in time seconds since the epoch.
    Keys of assets are written ``sales/orders``.

    Args:
        dagster: address, credentials and timeout.
        read_only: refuse whatever changes Dagster, with ReadOnlyError.
        refresh: gives a new token when the present one is refused; without it, it is read again from where
            ``dagster.auth`` says.
    """

    def __init__(self, dagster: Dagster, *, read_only: bool = False, refresh: Refresh | None = None) -> None:
        self.read_only = read_only
        self._transport = Transport(dagster.address, Credentials(dagster.auth, refresh), dagster.timeout)
        self._requests = Requests()

    def __repr__(self) -> str:
        return f"DagsterClient({self.address!r})"

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
        """Version, code locations, and whether launched runs will start."""
        return parse_status(await self._transport.query(documents.INSTANCE), self.address)

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

    async def reload_location(self, name: str) -> Location:
        """Load the definitions of a code location anew, which takes seconds; answers how that ended.

        Raises:
            NotFoundError: there is no such location.
            ValidationError: it cannot be reloaded.
        """
        self._refuse_if_read_only("reloaded")
        return await locations.reload_location(self._transport, name)

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

    async def submit_assets(
        self,
        selection: Sequence[str],
        *,
        partitions: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> RunSubmitResult:
        """Launch one run that materializes the assets of ``selection``, with their checks.

        A launch is never repeated blindly: it is tagged with ``request_id`` (default: a new one). A request id that
        a run already has answers that run, and a launch whose answer was lost is looked up by it.

        Args:
            selection: keys of assets.
            partitions: the one partition, for partitioned assets; :meth:`backfill` takes several.
            config: run configuration, ``{"ops": {"orders": {"config": {"limit": 3}}}}``.
            tags: of the run.
            request_id: see above.

        Raises:
            ReadOnlyError: the client is read only.
            ValidationError: no keys, or they cannot be materialized by one run; a partition or the configuration is
                not valid.
            NotFoundError: an unknown asset; the remedy names the nearest.
            DagsterConnectionError: also when the answer was lost and no run of this request is found; to ask again
                with the same request id is safe.
        """
        self._refuse_if_read_only()
        return await launching.submit_assets(
            self._transport,
            self._requests,
            require_selection(selection),
            partitions=partitions,
            config=config,
            tags=tags,
            request_id=request_id,
        )

    async def submit_job(
        self,
        job_name: str,
        repository: str | None = None,
        location: str | None = None,
        run_config: Mapping[str, Any] | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> RunSubmitResult:
        """Launch a run of a job; repository and location may be left out where one fits.

        Raises:
            ReadOnlyError, DagsterConnectionError: as for :meth:`submit_assets`.
            NotFoundError: an unknown job; the remedy names the nearest.
            ValidationError: several jobs have the name (``details["candidates"]``), or the configuration is not valid.
        """
        self._refuse_if_read_only()
        job = find_job(await self.locations(), job_name, repository, location)
        return await launching.submit_job(
            self._transport, self._requests, job, config=run_config, tags=tags, request_id=request_id
        )

    async def backfill(
        self,
        selection: Sequence[str],
        partitions: Sequence[str] = (),
        *,
        all_partitions: bool = False,
        config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        title: str | None = None,
        request_id: str | None = None,
    ) -> Backfill:
        """Launch runs for several partitions of assets, or for all; the daemon makes the runs.

        Raises:
            ReadOnlyError, NotFoundError, DagsterConnectionError: as for :meth:`submit_assets`.
            ValidationError: no asset or partition, one that is unknown, assets that have none.
        """
        self._refuse_if_read_only()
        return await backfills.launch_backfill(
            self._transport,
            self._requests,
            require_selection(selection),
            partitions=partitions,
            all_partitions=all_partitions,
            config=config,
            tags=tags,
            title=title,
            request_id=request_id,
        )

    async def backfill_status(self, backfill_id: str) -> Backfill:
        """State and runs of a backfill; raises NotFoundError for an unknown one."""
        return await backfills.fetch_backfill(self._transport, backfill_id)

    async def cancel_backfill(self, backfill_id: str) -> Backfill:
        """End a backfill and its runs; raises ReadOnlyError, and NotFoundError for an unknown one."""
        self._refuse_if_read_only("canceled")
        return await backfills.cancel_backfill(self._transport, backfill_id)

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
            limit: most runs of the page.
            cursor: of the page before.
            statuses: only runs in one of these RunStatuses.
            job: only runs of this job.
            asset: only runs that were to make this asset.
            tags: only runs with all of these tags.

        Raises:
            ValidationError: an unknown status.
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
        return launching.run_url(self.address, run_id)

    async def run_logs(
        self, run_id: str, cursor: str | None = None, *, limit: int = 1000, level: str = "DEBUG"
    ) -> RunLogs:
        """A page of a run's log behind ``cursor``: at most ``limit`` events, those below ``level`` left out.

        Raises:
            NotFoundError: an unknown run.
            ValidationError: an unknown level.
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

    async def terminate(self, run_id: str, *, force: bool = False) -> Run:
        """End a run, or take it from the queue; its code gets the chance to clean up.

        Args:
            run_id: the run's.
            force: mark it as canceled at once, whether or not its processes have ended.

        Raises:
            ReadOnlyError: the client is read only.
            NotFoundError: an unknown run.
            ValidationError: Dagster cannot end it; mostly because it has ended.
        """
        self._refuse_if_read_only("terminated")
        return await launching.terminate(self._transport, run_id, force=force)

    async def reexecute(
        self,
        run_id: str,
        strategy: str = "all",
        *,
        tags: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> RunSubmitResult:
        """Launch again what a run ran: ``all``, ``from_failure`` (its failed steps and those after them) or
        ``from_asset_failure`` (its assets that were not made).

        Raises:
            ReadOnlyError, DagsterConnectionError: as for :meth:`submit_assets`.
            NotFoundError: an unknown run.
            ValidationError: it has not ended, or nothing failed in it.
        """
        self._refuse_if_read_only()
        return await launching.reexecute(
            self._transport, self._requests, run_id, strategy=strategy, tags=tags, request_id=request_id
        )

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

    def _refuse_if_read_only(self, done: str = "launched") -> None:
        if self.read_only:
            raise ReadOnlyError(
                f"Nothing is {done}: daglab is set to read only.", remedy="set read_only to false in daglab.yaml"
            )
