"""Checks before a launch: what Dagster would accept silently, or refuse without saying why, is caught here."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from daglab.client.assets import Asset, key_input
from daglab.client.locations import Job
from daglab.client.partitions import Partitions
from daglab.client.runs import PARTITION_TAG, REQUEST_TAG
from daglab.errors import NotFoundError, ValidationError, did_you_mean

_NAMED, _NEAREST, _COMPARED, _TOLD = 10, 3, 1000, 100
_RESERVED_TAG_PREFIXES = ("daglab/", ".dagster/", PARTITION_TAG, "dagster/asset_partition_range")
_RESERVED_TAGS = frozenset(
    f"dagster/{name}"
    for name in (
        "auto_retry_run_id", "backfill", "is_asset_resume_retry", "is_resume_retry", "parent_backfill_id",
        "parent_run_id", "retry_number", "root_backfill_id", "root_run_id", "run_key", "schedule_name", "sensor_name",
        "solid_selection", "step_selection", "tick", "will_retry",
    )
)  # fmt: skip
_ASSET_JOB = "__ASSET_JOB"  # Dagster's implicit job of all assets; some versions number several of them


def require_selection(keys: Sequence[str]) -> list[str]:
    """The keys without repetitions; raises ValidationError for none, because Dagster would take that for all."""
    unique = list(dict.fromkeys(keys))
    if not unique:
        raise ValidationError("No asset is selected.", remedy="select at least one asset")
    return unique


def unknown_assets(missing: Sequence[str], known: Sequence[str]) -> NotFoundError:
    """The error for keys that Dagster does not have, with the nearest that it has to the first few.

    Takes a fifth of a second for each of those where ``known`` are 10,000: call it in a thread.
    """
    near = {key: difflib.get_close_matches(key, known, n=3) for key in missing[:_NEAREST]}
    hints = [f"{key}: did you mean {' or '.join(names)}?" for key, names in near.items() if names]
    return NotFoundError(
        f"Dagster has no asset {_listed(missing)}.",
        remedy=" ".join(hints) or "reload the code location if it is new",
        details={"unknown": list(missing[:_TOLD]), "nearest": near},
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} others" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def require_launchable(assets: Sequence[Asset]) -> tuple[str, str]:
    """Location and repository of the assets; raises ValidationError unless they can be made, and in one place."""
    if wrong := [asset.key for asset in assets if not asset.materializable]:
        raise ValidationError(
            f"{_listed(wrong)}: not made by Dagster.",
            remedy="select the assets that use them",
            details={"assets": wrong[:_TOLD]},
        )
    places = sorted({(asset.location, asset.repository) for asset in assets})
    if len(places) > 1:
        names = ", ".join(location for location, _ in places)
        raise ValidationError(
            f"The assets are in several code locations: {names}.",
            remedy="launch one run for each",
            details={"locations": [location for location, _ in places]},
        )
    return places[0]


def require_partition(
    partitioned: Sequence[str],
    partitions: Mapping[str, Partitions | None],
    chosen: Sequence[str],
    *,
    otherwise: str = "No selected asset is partitioned.",
) -> str | None:
    """The partition of one run, None for one without; Dagster itself takes any text for one.

    To be called in a thread, as :func:`require_known_partitions`.

    Args:
        partitioned: what of the run is partitioned: keys of assets, or the name of its job.
        partitions: their partitions.
        chosen: what is asked for.
        otherwise: the error where nothing is partitioned, and a partition is asked for.

    Raises:
        ValidationError: it is missing, unknown, given where nothing is partitioned, or several are given.
    """
    if not partitioned and chosen:
        raise ValidationError(otherwise, remedy="launch without partitions")
    if partitioned and not chosen:
        raise ValidationError(
            f"{_listed(partitioned)}: partitioned: a run needs a partition.",
            remedy="name one, or launch a backfill",
            details={"assets": partitioned[:_TOLD]},
        )
    if len(chosen) > 1:
        raise ValidationError("A run makes one partition.", remedy="launch a backfill for several")
    require_known_partitions(partitioned, partitions, chosen)
    return chosen[0] if chosen else None


def require_known_partitions(
    names: Sequence[str], partitions: Mapping[str, Partitions | None], chosen: Sequence[str]
) -> None:
    """Raise ValidationError for chosen partitions that one of the assets, or the job, of these names lacks.

    Takes a while where the partitions are many: call it in a thread.
    """
    for name in names:
        definition = partitions.get(name)
        if unknown := [key for key in chosen if definition is None or key not in definition]:
            known = islice(definition.all_keys(), _COMPARED) if definition else ()
            raise ValidationError(
                f"{name}: no partition {_listed(unknown)}.",
                remedy=did_you_mean(unknown[0], known) or "it has none yet",
                details={"unknown": unknown[:_TOLD], "assets": [name]},
            )


def partition_tags(partition: str | None, partitions: Partitions | None) -> dict[str, str]:
    """The tags that make a run one of ``partition``; keys of two dimensions have one for each as well."""
    if partition is None:
        return {}
    tags = {PARTITION_TAG: partition}
    if partitions and len(partitions.dimensions) > 1:
        for dimension, part in zip(partitions.dimensions, partition.split("|"), strict=True):
            tags[f"{PARTITION_TAG}/{dimension.name}"] = part
    return tags


def launch_params(
    assets: Sequence[Asset],
    request_id: str,
    *,
    config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The variables of LAUNCH_RUN for one run of ``assets``, all their checks included.

    Raises:
        ValidationError: an asset is made elsewhere, or no single job has all of them.
    """
    location, repository = require_launchable(assets)
    selector = {
        "repositoryLocationName": location,
        "repositoryName": repository,
        "jobName": asset_job(assets),
        "assetSelection": [key_input(asset.key) for asset in assets],
        "assetCheckSelection": None,
    }
    return _params(selector, request_id, config, tags)


def job_params(job: Job, request_id: str, config: Mapping[str, Any] | str, tags: Mapping[str, str]) -> dict[str, Any]:
    """The variables of LAUNCH_RUN for a run of a job; ``config`` may be YAML."""
    selector = {"repositoryLocationName": job.location, "repositoryName": job.repository, "jobName": job.name}
    return _params(selector, request_id, config, tags)


def tag_inputs(request_id: str, tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """The tags of a launch, the request's id among them."""
    return [{"key": key, "value": value} for key, value in {**(tags or {}), REQUEST_TAG: request_id}.items()]


def require_plain_tags(tags: Mapping[str, str]) -> None:
    """Raise ValidationError for tags by which a run is known: of which launch, backfill, parent, partition it is."""
    if wrong := [key for key in tags if key in _RESERVED_TAGS or key.startswith(_RESERVED_TAG_PREFIXES)]:
        raise ValidationError(
            f"{_listed(wrong)} cannot be set as a tag.",
            remedy="use the arguments for partitions and request id, or another name",
            details={"tags": wrong},
        )


def _params(
    selector: dict[str, Any], request_id: str, config: Mapping[str, Any] | str | None, tags: Mapping[str, str] | None
) -> dict[str, Any]:
    return {
        "selector": selector,
        "runConfigData": config if isinstance(config, str) else dict(config or {}),
        "executionMetadata": {"tags": tag_inputs(request_id, tags)},
    }


def asset_job(assets: Sequence[Asset]) -> str:
    """The job that makes all of the assets in one run; raises ValidationError where there is none."""
    shared = set.intersection(*(set(asset.job_names) for asset in assets))
    jobs = sorted(name for name in shared if name.startswith(_ASSET_JOB))
    if not jobs:
        raise ValidationError(
            f"No one job of Dagster makes {_listed([asset.key for asset in assets])} together.",
            remedy="launch one run for each",
        )
    return jobs[0]
