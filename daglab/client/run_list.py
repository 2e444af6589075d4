"""Lists of runs, filtered by what Dagster can filter, and by asset, which it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daglab.client.assets import Asset
from daglab.client.launching import known_assets
from daglab.client.runs import Run, RunPage, fetch_runs, require_limit
from daglab.client.transport import Transport
from daglab.errors import ValidationError, did_you_mean

STATUSES = (
    "QUEUED", "NOT_STARTED", "MANAGED", "STARTING", "STARTED", "SUSPENDED",
    "SUCCESS", "FAILURE", "CANCELING", "CANCELED",
)  # fmt: skip
_SCAN = 200
_SCANNED_PAGES = 10


async def list_runs(
    transport: Transport,
    *,
    limit: int,
    cursor: str | None,
    statuses: Sequence[str],
    job: str | None,
    asset: str | None,
    tags: Mapping[str, str],
) -> RunPage:
    """A page of runs; DagsterClient.runs says what the arguments mean and what it raises.

    With ``asset``, at most 2,000 runs are looked through for a page, which may then be short, even empty, and not the
    last.
    """
    require_limit(limit)
    if unknown := [status for status in statuses if status not in STATUSES]:
        raise ValidationError(f"There is no status {unknown[0]}.", remedy=did_you_mean(unknown[0], STATUSES))
    filter_: dict[str, Any] = {}
    if statuses:
        filter_["statuses"] = list(statuses)
    if job is not None:
        filter_["pipelineName"] = job
    if tags:
        filter_["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
    if asset is None:
        runs = await fetch_runs(transport, filter_, cursor, limit)
        return RunPage(runs, runs[-1].run_id if len(runs) == limit else None)
    (definition,) = await known_assets(transport, [asset])
    found: list[Run] = []
    for _ in range(_SCANNED_PAGES):
        runs = await fetch_runs(transport, filter_, cursor, _SCAN)
        for run in runs:
            cursor = run.run_id
            if makes(run, definition):
                found.append(run)
                if len(found) == limit:
                    return RunPage(tuple(found), cursor)
        if len(runs) < _SCAN:
            return RunPage(tuple(found), None)
    return RunPage(tuple(found), cursor)


def makes(run: Run, asset: Asset) -> bool:
    """Whether the run was to make the asset; a job that was launched whole makes all of its assets."""
    if run.assets:
        return asset.key in run.assets
    return run.location == asset.location and run.job_name in asset.job_names
