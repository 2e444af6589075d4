"""DagsterClient: all that daglab asks of one Dagster, and has it do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from daglab.client import backfills, launching, locations, reports
from daglab.client.backfills import Backfill, BackfillOptions
from daglab.client.credentials import Refresh
from daglab.client.instance import Location
from daglab.client.launching import RunSubmitResult
from daglab.client.reader import DagsterReader, Selection
from daglab.client.requests import Requests
from daglab.client.runs import Run
from daglab.client.strangers import naming_odd_answers
from daglab.errors import ReadOnlyError

if TYPE_CHECKING:
    from daglab.config_model import Dagster


@naming_odd_answers
class DagsterClient(DagsterReader):
    """An async client of one Dagster, used as ``async with DagsterClient(config.dagster) as client``.

    What it asks is in :class:`DagsterReader`; a client that is read only refuses the rest, with ReadOnlyError.

    Args:
        dagster: address, credentials and timeout.
        read_only: refuse whatever changes Dagster.
        refresh: gives a new token when the present one is refused; without it, it is read again from where
            ``dagster.auth`` says.
    """

    def __init__(self, dagster: Dagster, *, read_only: bool = False, refresh: Refresh | None = None) -> None:
        super().__init__(dagster, refresh=refresh)
        self.read_only = read_only
        self._requests = Requests()

    async def submit_assets(
        self,
        selection: Selection,
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
            selection: keys of assets, or a text in Dagster's selection syntax.
            partitions: the one partition, for partitioned assets; :meth:`backfill` takes several.
            config: run configuration, ``{"ops": {"orders_notebook": {"config": {"limit": 3}}}}``.
            tags: of the run.
            request_id: see above.

        Raises:
            ReadOnlyError: the client is read only.
            ValidationError: no keys, or they cannot be materialized by one run; a partition or the configuration is
                not valid.
            NotFoundError: an unknown asset; the remedy names the nearest.
            LaunchConflictError: something else was asked for under the request id, if only other tags.
            DagsterConnectionError: also when the answer was lost and no run of this request is found; to ask again
                with the same request id is safe.
        """
        self._refuse_if_read_only()
        return await launching.submit_assets(
            self._transport,
            self._requests,
            await self._keys(selection),
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
        partitions: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> RunSubmitResult:
        """Launch a run of a job; repository and location may be left out where one fits.

        Args:
            job_name: the job's.
            repository: where several have a job of that name.
            location: where several have a job of that name.
            run_config: run configuration; without it, the one that a partitioned job has for the partition.
            partitions: the one partition, for a partitioned job; :meth:`backfill_job` takes several.
            tags: of the run.
            request_id: as for :meth:`submit_assets`.

        Raises:
            ReadOnlyError, LaunchConflictError, DagsterConnectionError: as for :meth:`submit_assets`.
            NotFoundError: an unknown job; the remedy names the nearest.
            ValidationError: several jobs have the name (``details["candidates"]``), a partition is missing or wrong,
                or the configuration is not valid.
        """
        self._refuse_if_read_only()
        return await launching.submit_job(
            self._transport,
            self._requests,
            job_name,
            repository=repository,
            location=location,
            partitions=partitions,
            config=run_config,
            tags=tags,
            request_id=request_id,
        )

    async def backfill(
        self,
        selection: Selection,
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
            ReadOnlyError, NotFoundError, LaunchConflictError, DagsterConnectionError: as for :meth:`submit_assets`.
            ValidationError: no asset or partition, one that is unknown, assets that have none.
        """
        self._refuse_if_read_only()
        keys = await self._keys(selection)
        options = BackfillOptions(partitions, all_partitions, config, tags, title, request_id)
        return await backfills.launch_backfill(self._transport, self._requests, keys, options)

    async def backfill_job(
        self,
        job_name: str,
        partitions: Sequence[str] = (),
        *,
        repository: str | None = None,
        location: str | None = None,
        all_partitions: bool = False,
        config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        title: str | None = None,
        request_id: str | None = None,
    ) -> Backfill:
        """Launch a run of a job for each of several of its partitions, or for all; the daemon makes the runs.

        Raises:
            ReadOnlyError, NotFoundError, LaunchConflictError, DagsterConnectionError: as for :meth:`submit_job`.
            ValidationError: several jobs have the name; no partition, or an unknown one; the job has none; or it
                configures its partitions itself, and ``config`` is given, which Dagster would drop.
        """
        self._refuse_if_read_only()
        options = BackfillOptions(partitions, all_partitions, config, tags, title, request_id)
        return await backfills.launch_job_backfill(
            self._transport, self._requests, job_name, repository, location, options
        )

    async def cancel_backfill(self, backfill_id: str) -> Backfill:
        """End a backfill and its runs; raises ReadOnlyError, and NotFoundError for an unknown one."""
        self._refuse_if_read_only("canceled")
        return await backfills.cancel_backfill(self._transport, backfill_id)

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
            ReadOnlyError, LaunchConflictError, DagsterConnectionError: as for :meth:`submit_assets`.
            NotFoundError: an unknown run.
            ValidationError: it has not ended, or nothing failed in it.
        """
        self._refuse_if_read_only()
        return await launching.reexecute(
            self._transport, self._requests, run_id, strategy=strategy, tags=tags, request_id=request_id
        )

    async def report_materialization(
        self,
        key: str,
        *,
        partition: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        description: str | None = None,
        data_version: str | None = None,
    ) -> None:
        """Record that an asset was made outside Dagster; strings in ``metadata`` become text, mappings JSON.

        Raises:
            ReadOnlyError: the client is read only.
            NotFoundError: Dagster has no such asset.
            ValidationError: an unknown partition, or metadata that Dagster could not read again.
            DagsterConnectionError: also when the answer was lost; the event may have been recorded.
        """
        await self._report("materialization", key, partition, metadata, description, data_version)

    async def report_observation(
        self,
        key: str,
        *,
        partition: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        description: str | None = None,
        data_version: str | None = None,
    ) -> None:
        """Record what was seen of an asset without making it; takes and raises what the one above does."""
        await self._report("observation", key, partition, metadata, description, data_version)

    async def _report(
        self,
        kind: str,
        key: str,
        partition: str | None,
        metadata: Mapping[str, Any] | None,
        description: str | None,
        data_version: str | None,
    ) -> None:
        self._refuse_if_read_only("reported")
        await reports.report(
            self._transport,
            kind,
            key,
            partition=partition,
            metadata=metadata,
            description=description,
            data_version=data_version,
        )

    async def reload_location(self, name: str) -> Location:
        """Load the definitions of a code location anew, which takes seconds; answers how that ended.

        Raises:
            NotFoundError: there is no such location.
            ValidationError: it cannot be reloaded.
        """
        self._refuse_if_read_only("reloaded")
        return await locations.reload_location(self._transport, name)

    def _refuse_if_read_only(self, done: str = "launched") -> None:
        if self.read_only:
            raise ReadOnlyError(
                f"Nothing is {done}: daglab is set to read only.", remedy="set read_only to false in daglab.yaml"
            )
