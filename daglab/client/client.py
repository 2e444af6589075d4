"""DagsterClient: status, assets and runs of one Dagster."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING
from uuid import uuid4

from daglab.client import documents
from daglab.client.assets import Asset, AssetStatus, key_input, parse_assets, parse_statuses
from daglab.client.instance import DagsterStatus, parse_status
from daglab.client.launch import launch_params, require_selection, unknown_assets
from daglab.client.runs import REQUEST_TAG, Run, found, launched_run_id, parse_failures, parse_run
from daglab.client.transport import LostAnswerError, Transport, member
from daglab.errors import DagsterError, ReadOnlyError

if TYPE_CHECKING:
    from typing_extensions import Self

    from daglab.config_model import Dagster

_EVENT_PAGES = 50


class DagsterClient:
    """An async client of one Dagster, used as ``async with DagsterClient(config.dagster) as client``.

    All methods raise DagsterConnectionError when Dagster cannot be reached, AuthenticationError when it refuses the
    credentials, and DagsterError for failures of its own.

    Args:
        dagster: address, credentials and timeout.
        read_only: refuse whatever changes Dagster.
    """

    def __init__(self, dagster: Dagster, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self._transport = Transport(dagster.address, dagster.auth.headers(), dagster.timeout)

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
        return parse_status(await self._transport.execute(documents.INSTANCE), self.address)

    async def assets(self, keys: Sequence[str] | None = None) -> list[Asset]:
        """All assets, or those of ``keys`` that Dagster has, with their statuses, sorted by key."""
        assets = await self._definitions(keys)
        if not assets:
            return []
        inputs = [key_input(asset.key) for asset in assets]
        statuses = parse_statuses(await self._transport.execute(documents.ASSET_STATUSES, {"keys": inputs}))
        return [_with_status(asset, statuses.get(asset.key, {})) for asset in assets]

    async def submit_assets(self, keys: Sequence[str], *, request_id: str | None = None) -> Run:
        """Launch one run that materializes the assets of ``keys``.

        A launch is never repeated blindly: it is tagged with ``request_id`` (default: a new one). A request id that
        a run already has answers that run, and a launch whose answer was lost is looked up by it.

        Raises:
            ReadOnlyError: the client is read only.
            ValidationError: no keys, or they cannot be materialized by one run.
            NotFoundError: an unknown asset; the remedy names the nearest.
            DagsterConnectionError: also when the answer was lost and no run of this request is found; to ask again
                with the same request id is safe.
        """
        selection = require_selection(keys)
        self._refuse_if_read_only()
        if request_id and (earlier := await self._launched_by(request_id)):
            return await self.run(earlier)
        request_id = request_id or uuid4().hex
        assets = await self._definitions(selection)
        if missing := [key for key in selection if key not in {asset.key for asset in assets}]:
            raise unknown_assets(missing, [asset.key for asset in await self._definitions()])
        params = launch_params(assets, request_id)
        try:
            data = await self._transport.execute(documents.LAUNCH_RUN, {"params": params})
        except LostAnswerError as error:
            if run_id := await self._look_up(request_id):
                return await self.run(run_id)
            error.remedy = "it is not known whether the run was launched; look at Dagster's runs"
            error.details["request_id"] = request_id
            raise
        return await self.run(launched_run_id(data["launchRun"]))

    async def run(self, run_id: str) -> Run:
        """State and progress of a run, with its failures when it failed; raises NotFoundError for an unknown one."""
        data = await self._transport.execute(documents.RUN, {"run": run_id})
        run = parse_run(data["runOrError"], run_id)
        if run.status != "FAILURE":
            return run
        return replace(run, failures=tuple(parse_failures(await self._events(run_id))))

    async def _definitions(self, keys: Sequence[str] | None = None) -> list[Asset]:
        variables = {"keys": None if keys is None else [key_input(key) for key in keys]}
        return parse_assets((await self._transport.execute(documents.ASSETS, variables))["assetNodes"])

    async def _events(self, run_id: str) -> list[dict[str, object]]:
        events: list[dict[str, object]] = []
        cursor = None
        for _ in range(_EVENT_PAGES):
            data = await self._transport.execute(documents.RUN_EVENTS, {"run": run_id, "cursor": cursor})
            page = found(data["runOrError"], run_id)["eventConnection"]
            events += page["events"]
            cursor = page["cursor"]
            if not page["hasMore"]:
                break
        return events

    async def _launched_by(self, request_id: str) -> str | None:
        data = await self._transport.execute(documents.RUNS_BY_TAG, {"key": REQUEST_TAG, "value": request_id})
        runs = member(data["runsOrError"], "Runs")["results"]
        return runs[0]["runId"] if runs else None

    async def _look_up(self, request_id: str) -> str | None:
        """The run of a launch whose answer was lost; Dagster may still be working on it."""
        for pause in (0.5, 1.0, 2.0, 4.0):
            await asyncio.sleep(pause)
            try:
                if run_id := await self._launched_by(request_id):
                    return run_id
            except DagsterError:
                continue  # the same trouble that lost the answer; the next look may get through
        return None

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise ReadOnlyError(
                "Nothing is launched: daglab is set to read only.", remedy="set read_only to false in daglab.yaml"
            )


def _with_status(asset: Asset, status: dict[str, object]) -> Asset:
    if not asset.materializable and status.get("status") is AssetStatus.NEVER:
        status = {**status, "status": AssetStatus.EXTERNAL}
    return replace(asset, **status)  # type: ignore[arg-type]
