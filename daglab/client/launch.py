"""Checks before a launch: what Dagster would accept silently, or refuse without saying why, is caught here."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from daglab.client.assets import Asset, key_input
from daglab.client.runs import REQUEST_TAG
from daglab.errors import NotFoundError, ValidationError

_ASSET_JOB = "__ASSET_JOB"  # Dagster's implicit job of all assets; some versions number several of them


def require_selection(keys: Sequence[str]) -> list[str]:
    """The keys without repetitions; raises ValidationError for none, because Dagster would take that for all."""
    unique = list(dict.fromkeys(keys))
    if not unique:
        raise ValidationError("No asset is selected.", remedy="select at least one asset")
    return unique


def unknown_assets(missing: Sequence[str], known: Sequence[str]) -> NotFoundError:
    """The error for keys that Dagster does not have, with the nearest that it has."""
    near = {key: difflib.get_close_matches(key, known, n=3) for key in missing}
    hints = [f"{key}: did you mean {' or '.join(names)}?" for key, names in near.items() if names]
    return NotFoundError(
        f"Dagster has no asset {', '.join(missing)}.",
        remedy=" ".join(hints) or "reload the code location if it is new",
        details={"unknown": list(missing), "nearest": near},
    )


def launch_params(assets: Sequence[Asset], request_id: str) -> dict[str, Any]:
    """The variables of LAUNCH_RUN for one run of ``assets``, all their checks included.

    Raises:
        ValidationError: an asset is made elsewhere or partitioned, or no single job has all of them.
    """
    for wrong, what, remedy in (
        ([a.key for a in assets if not a.materializable], "not made by Dagster", "select the assets that use them"),
        (
            [a.key for a in assets if a.partitioned],
            "partitioned: a run needs a partition",
            "materialize them in Dagster's own UI",
        ),
    ):
        if wrong:
            raise ValidationError(f"{', '.join(wrong)}: {what}.", remedy=remedy, details={"assets": wrong})
    places = sorted({(asset.location, asset.repository) for asset in assets})
    if len(places) > 1:
        names = ", ".join(location for location, _ in places)
        raise ValidationError(
            f"The assets are in several code locations: {names}.",
            remedy="launch one run for each",
            details={"locations": [location for location, _ in places]},
        )
    location, repository = places[0]
    return {
        "selector": {
            "repositoryLocationName": location,
            "repositoryName": repository,
            "jobName": _job(assets),
            "assetSelection": [key_input(asset.key) for asset in assets],
            "assetCheckSelection": None,
        },
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": REQUEST_TAG, "value": request_id}]},
    }


def _job(assets: Sequence[Asset]) -> str:
    shared = set.intersection(*(set(asset.job_names) for asset in assets))
    jobs = sorted(name for name in shared if name.startswith(_ASSET_JOB))
    if not jobs:
        raise ValidationError(
            f"No one job of Dagster makes {', '.join(asset.key for asset in assets)} together.",
            remedy="launch one run for each",
        )
    return jobs[0]
