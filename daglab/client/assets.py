"""Assets as Dagster knows them, and where each one stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from daglab.client.documents import assets as documents
from daglab.client.transport import FailedAnswerError, Transport

_KIND_TAG = "dagster/kind/"  # how Dagster keeps kinds
_AT_ONCE = 500
_QUESTIONS, _QUESTIONS_UNANSWERED = 200, 40
"""Queries, at most, in place of one that fails because of some of its assets; and while none of them is answered."""
_FAILED_CHECK = ("FAILED", "EXECUTION_FAILED")


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
    UNKNOWN = "unknown"
    """Dagster cannot tell: ``status_error`` says why."""


@dataclass(frozen=True)
class Asset:
    """One asset. ``key`` joins its parts with ``/``; ``path`` has them apart, as Dagster does."""

    path: tuple[str, ...]
    group: str
    kinds: tuple[str, ...]
    description: str | None
    dependencies: tuple[str, ...]
    """Keys of the assets directly upstream."""
    location: str
    repository: str
    job_names: tuple[str, ...]
    materializable: bool
    partitioned: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    """Mail addresses, and teams as ``team:name``."""
    compute_kind: str | None = None
    op_names: tuple[str, ...] = ()
    """The ops that make it; run configuration is given by op."""
    has_checks: bool = False
    has_config: bool = False
    config_required: bool = False
    """Whether a run needs configuration for it."""
    status: AssetStatus = AssetStatus.NEVER
    materialized_at: float | None = None
    """Seconds since the epoch."""
    materialized_by: str | None = None
    """Run id of the latest materialization."""
    run_id: str | None = None
    """The run that is in progress or failed, for the statuses RUNNING and FAILED."""
    failed_checks: tuple[str, ...] = ()
    """Names of the checks that failed for the latest materialization; those of severity WARN apart."""
    warned_checks: tuple[str, ...] = ()
    status_error: str | None = None
    """Why Dagster cannot tell where it stands, for the status UNKNOWN."""

    @property
    def key(self) -> str:
        """The key as users write it."""
        return "/".join(self.path)


@dataclass(frozen=True)
class AssetState:
    """What changes of an asset while its definition stays; the fields are those of :class:`Asset`."""

    status: AssetStatus
    materialized_at: float | None = None
    materialized_by: str | None = None
    run_id: str | None = None
    failed_checks: tuple[str, ...] = ()
    warned_checks: tuple[str, ...] = ()
    status_error: str | None = None


def key_input(key: str) -> dict[str, list[str]]:
    """The GraphQL input of a key such as ``sales/orders``."""
    return {"path": key.split("/")}


async def fetch_keys(transport: Transport) -> list[str]:
    """The keys of all assets."""
    return ["/".join(node["assetKey"]["path"]) for node in (await transport.query(documents.KEYS))["assetNodes"]]


async def fetch_definitions(transport: Transport, keys: Sequence[str] | None) -> list[Asset]:
    """All assets, or those of ``keys`` that Dagster has, sorted by key, their statuses not asked for.

    They are asked for in batches: to read 10,000 at once would keep this process busy for a second, and Dagster's too.
    """
    wanted = await fetch_keys(transport) if keys is None else keys
    found: list[Asset] = []
    for start in range(0, len(wanted), _AT_ONCE):
        variables = {"keys": [key_input(key) for key in wanted[start : start + _AT_ONCE]]}
        found += parse_assets((await transport.query(documents.DEFINITIONS, variables))["assetNodes"])
    return sorted(found, key=lambda asset: asset.path)


async def fetch_states(transport: Transport, keys: Sequence[str], checked: Sequence[str]) -> dict[str, AssetState]:
    """Key -> state, in one query; checks are asked for those of ``checked`` only, which costs Dagster the most.

    Dagster fails as a whole where it cannot read the events of one asset, which anybody can bring about by a report
    with odd metadata. Such assets are found by halving, and are UNKNOWN.

    Raises DagsterError where Dagster fails, whatever it is asked for.
    """
    if not keys:
        return {}
    wanted, found, unread = frozenset(checked), dict[str, AssetState](), dict[str, AssetState]()
    waiting, asked = deque([list(keys)]), 0
    while waiting:
        batch, asked = waiting.popleft(), asked + 1
        variables = {
            "keys": [key_input(key) for key in batch],
            "checked": [key_input(key) for key in batch if key in wanted],
        }
        try:
            found |= parse_states(await transport.query(documents.STATUSES, variables))
        except FailedAnswerError as error:
            if asked >= _QUESTIONS_UNANSWERED and not found:
                raise  # it is not about some of the assets
            if len(batch) > 1 and asked + len(waiting) + 2 <= _QUESTIONS:
                middle = len(batch) // 2
                waiting += [batch[:middle], batch[middle:]]
            else:
                unread |= dict.fromkeys(batch, AssetState(AssetStatus.UNKNOWN, status_error=error.message))
    return found | unread


def parse_assets(nodes: Sequence[Mapping[str, Any]]) -> list[Asset]:
    """The answer to the document DEFINITIONS, sorted by key, statuses not yet known."""
    return sorted((parse_asset(node) for node in nodes), key=lambda asset: asset.path)


def parse_asset(node: Mapping[str, Any]) -> Asset:
    """One node of a document that includes the fragment Definition."""
    config = node["configField"]
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
        tags={tag["key"]: tag["value"] for tag in node["tags"] if not tag["key"].startswith(_KIND_TAG)},
        owners=tuple(_owner(owner) for owner in node["owners"]),
        compute_kind=node["computeKind"] or None,
        op_names=tuple(node["opNames"]),
        has_checks=node["hasAssetChecks"],
        # what takes no configuration takes any, in Dagster's words
        has_config=config is not None and config["configType"]["key"] != "Any",
        config_required=config is not None and config["isRequired"],
        status=AssetStatus.NEVER if node["isMaterializable"] else AssetStatus.EXTERNAL,
    )


def _owner(owner: Mapping[str, Any]) -> str:
    team = owner.get("team")
    return owner.get("email") or (f"team:{team}" if team else owner["__typename"])


def parse_states(data: Mapping[str, Any]) -> dict[str, AssetState]:
    """The answer to the document STATUSES: key -> state."""
    stale = {"/".join(node["assetKey"]["path"]): node["staleStatus"] for node in data["assetNodes"]}
    checks = {"/".join(node["assetKey"]["path"]): node["assetChecksOrError"] for node in data["checked"]}
    found = {}
    for info in data["assetsLatestInfo"]:
        key = "/".join(info["assetKey"]["path"])
        if key in stale:  # Dagster answers for assets as well that it does not have
            found[key] = _state(info, stale[key], checks.get(key, {}))
    return found


def _state(info: Mapping[str, Any], stale_status: str | None, checks: Mapping[str, Any]) -> AssetState:
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
    failed, warned = _failed_checks(checks.get("checks", ()))
    return AssetState(
        status=status,
        materialized_at=int(latest["timestamp"]) / 1000 if latest else None,
        materialized_by=made_by,
        run_id=run_id,
        failed_checks=failed,
        warned_checks=warned,
    )


def _failed_checks(checks: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    failed: list[str] = []
    warned: list[str] = []
    for check in checks:
        execution = check["executionForLatestMaterialization"]
        if execution and execution["status"] in _FAILED_CHECK:
            severity = (execution["evaluation"] or {}).get("severity")
            (warned if severity == "WARN" else failed).append(check["name"])
    return tuple(sorted(failed)), tuple(sorted(warned))


def with_state(asset: Asset, state: AssetState | None) -> Asset:
    """The asset where ``state`` says it stands; one that is made elsewhere and was never reported stays EXTERNAL."""
    if state is None:
        return asset
    status = state.status
    if status is AssetStatus.NEVER and not asset.materializable:
        status = AssetStatus.EXTERNAL
    return replace(asset, **{**vars(state), "status": status})
