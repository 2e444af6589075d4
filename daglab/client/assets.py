"""Assets as Dagster knows them, and where each one stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class AssetStatus(str, Enum):
    """Where an asset stands; the most urgent one that holds."""

    RUNNING = "running"
    """A run that makes it has been launched and has not ended."""
    FAILED = "failed"
    """Its latest run failed, and nothing was materialized since."""
    NEVER = "never"
    """It has never been materialized."""
    STALE = "stale"
    """Materialized, but its code or an upstream asset has changed since."""
    MATERIALIZED = "materialized"
    EXTERNAL = "external"
    """Made elsewhere: Dagster only knows of it."""


@dataclass(frozen=True)
class Asset:
    """One asset. ``key`` joins its parts with ``/``; ``path`` has them apart, as Dagster does."""

    path: tuple[str, ...]
    group: str
    kinds: tuple[str, ...]
    description: str | None
    dependencies: tuple[str, ...]
    location: str
    repository: str
    job_names: tuple[str, ...]
    materializable: bool
    partitioned: bool
    status: AssetStatus = AssetStatus.NEVER
    materialized_at: float | None = None
    """Seconds since the epoch."""
    materialized_by: str | None = None
    """Run id of the latest materialization."""
    run_id: str | None = None
    """The run that is in progress or failed, for the statuses RUNNING and FAILED."""

    @property
    def key(self) -> str:
        """The key as users write it."""
        return "/".join(self.path)


def key_input(key: str) -> dict[str, list[str]]:
    """The GraphQL input of a key such as ``sales/orders``."""
    return {"path": key.split("/")}


def parse_assets(nodes: Sequence[Mapping[str, Any]]) -> list[Asset]:
    """The answer to the document ASSETS, sorted by key, statuses not yet known."""
    return sorted((_asset(node) for node in nodes), key=lambda asset: asset.path)


def _asset(node: Mapping[str, Any]) -> Asset:
    return Asset(
        path=tuple(node["assetKey"]["path"]),
        group=node["groupName"],
        kinds=tuple(node["kinds"]),
        description=node["description"],
        dependencies=tuple(sorted("/".join(key["path"]) for key in node["dependencyKeys"])),
        location=node["repository"]["location"]["name"],
        repository=node["repository"]["name"],
        job_names=tuple(node["jobNames"]),
        materializable=node["isMaterializable"],
        partitioned=node["isPartitioned"],
    )


def parse_statuses(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The answer to the document ASSET_STATUSES: key -> the fields of :class:`Asset` that it decides."""
    stale = {"/".join(node["assetKey"]["path"]): node["staleStatus"] for node in data["assetNodes"]}
    found = {}
    for info in data["assetsLatestInfo"]:
        key = "/".join(info["assetKey"]["path"])
        found[key] = _status(info, stale.get(key))
    return found


def _status(info: Mapping[str, Any], stale_status: str | None) -> dict[str, Any]:
    latest = info["latestMaterialization"]
    running = [*info["inProgressRunIds"], *info["unstartedRunIds"]]
    last_run = info["latestRun"]
    made_by = latest["runId"] if latest else None
    run_id = None
    if running:
        status, run_id = AssetStatus.RUNNING, running[0]
    elif last_run and last_run["status"] == "FAILURE" and last_run["runId"] != made_by:
        # A run that failed after it made this asset does not count against the asset.
        status, run_id = AssetStatus.FAILED, last_run["runId"]
    elif latest is None:
        status = AssetStatus.NEVER
    else:
        status = AssetStatus.STALE if stale_status == "STALE" else AssetStatus.MATERIALIZED
    return {
        "status": status,
        "materialized_at": int(latest["timestamp"]) / 1000 if latest else None,
        "materialized_by": made_by,
        "run_id": run_id,
    }
