"""The header of a notebook in Dagster's terms: specs, outputs, checks, partitions, policies."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from daglab.errors import NotebookError
from daglab.notebook import dagster_forms as forms
from daglab.notebook.header_model import AssetHeader, AutomationHeader, FreshnessHeader
from daglab.runtime.loaded import LoadedNotebook
from daglab.runtime.partitions import partition_mapping, partitions

NOTEBOOK_METADATA = "daglab/notebook"


@dataclass(frozen=True)
class Defaults:
    """What an asset gets that its notebook's header doesn't say. Tags are merged, the header's win.

    Raises:
        NotebookError: one of them is not in the form that Dagster asks for.
    """

    group: str | None = None
    owners: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.group is not None:
            _require(forms.group_form, self.group, "group")
        for owner in self.owners:
            _require(forms.owner_form, owner, "owners")
        for key, value in self.tags.items():
            _require(forms.tag_key_form, key, "tags")
            _require(forms.tag_value_form, value, "tags")


def _require(form: Callable[[str], str], text: str, argument: str) -> None:
    try:
        form(text)
    except ValueError as error:
        raise NotebookError(f"{argument} has {text!r}: {error}", remedy=f"correct {argument!r}") from None


def to_key(key: str) -> dg.AssetKey:
    """Dagster's key for ``sales/orders``."""
    return dg.AssetKey(key.split("/"))


def asset_spec(loaded: LoadedNotebook, variable: str, defaults: Defaults) -> dg.AssetSpec:
    """The spec of one asset, without its dependencies."""
    header, asset = loaded.header, loaded.header.assets[variable]
    return dg.AssetSpec(
        to_key(header.key(variable)),
        group_name=asset.group or header.group or defaults.group,
        description=asset.description,
        owners=asset.owners or list(defaults.owners),
        tags={**defaults.tags, **asset.tags},
        kinds=set(asset.kinds) or {"marimo"},
        metadata={**asset.metadata, NOTEBOOK_METADATA: loaded.shown_path},
        code_version=loaded.graph.code_version(variable),
        automation_condition=_automation(asset.automation),
        freshness_policy=_freshness(asset.freshness),
        partitions_def=partitions(header.partitions),
    )


def outputs(loaded: LoadedNotebook, defaults: Defaults) -> dict[str, dg.AssetOut]:
    """Variable -> output. Their type is Any: a declared type is resolved in the step, and None is a value."""
    return {
        variable: dg.AssetOut.from_spec(
            asset_spec(loaded, variable, defaults),
            dagster_type=dg.Any,
            is_required=False,
            io_manager_key=asset.io_manager_key,
        )
        for variable, asset in loaded.header.assets.items()
    }


def dependencies(loaded: LoadedNotebook) -> dict[str, set[dg.AssetKey]]:
    """Variable -> keys of what the asset depends on."""
    return {name: {to_key(key) for key in keys} for name, keys in loaded.graph.dependencies().items()}


def upstream(loaded: LoadedNotebook) -> list[dg.AssetDep]:
    """What the notebook's one step depends on, with the partitions that it reads."""
    header = loaded.header
    made = {header.key(variable) for variable in header.assets} - {given.key for given in header.inputs.values()}
    return _deps(loaded, sorted(set().union(*loaded.graph.dependencies().values()) - made))


def _deps(loaded: LoadedNotebook, keys: Iterable[str]) -> list[dg.AssetDep]:
    named = loaded.header.model.upstream()
    mappings = {dep.key: partition_mapping(dep.partition_mapping) for _, dep in named if dep.partition_mapping}
    # Dagster infers what is not named.
    return [dg.AssetDep(to_key(key), partition_mapping=mappings.get(key)) for key in keys]


def check_specs(loaded: LoadedNotebook) -> list[dg.AssetCheckSpec]:
    """The asset checks."""
    header = loaded.header
    with warnings.catch_warnings():
        # Without its own partitions a check that runs alone would load all partitions of the inputs.
        warnings.filterwarnings("ignore", "Specifying a partitions_def on an AssetCheckSpec")
        return [
            dg.AssetCheckSpec(
                check.name or variable,
                asset=to_key(header.key(check.asset)),
                description=check.description,
                blocking=check.blocking,
                metadata=check.metadata,
                additional_deps=_deps(loaded, check.dep_keys),
                automation_condition=_automation(check.automation),
                partitions_def=partitions(header.partitions),
            )
            for variable, check in header.checks.items()
        ]


def retry_policy(assets: Mapping[str, AssetHeader]) -> dg.RetryPolicy | None:
    """The retry policy of the step, which all assets of a notebook share."""
    for asset in assets.values():
        if asset.retry:
            return dg.RetryPolicy(
                max_retries=asset.retry.max_retries,
                delay=asset.retry.delay,
                backoff=dg.Backoff[asset.retry.backoff.upper()] if asset.retry.backoff else None,
                jitter=dg.Jitter[asset.retry.jitter.upper()] if asset.retry.jitter else None,
            )
    return None


def pool(assets: Mapping[str, AssetHeader]) -> str | None:
    """The concurrency pool of the step, which all assets of a notebook share."""
    return next((asset.pool for asset in assets.values() if asset.pool), None)


def backfill_policy(assets: Mapping[str, AssetHeader]) -> dg.BackfillPolicy | None:
    """The backfill policy of the step, which all assets of a notebook share."""
    for asset in assets.values():
        if asset.backfill:
            # None is Dagster's word for all partitions in one run.
            return dg.BackfillPolicy(asset.backfill.max_partitions_per_run)
    return None


def _automation(header: AutomationHeader | None) -> dg.AutomationCondition[Any] | None:
    if header is None:
        return None
    if header.cron:
        return dg.AutomationCondition.on_cron(header.cron, header.timezone)
    return getattr(dg.AutomationCondition, str(header.condition))()  # type: ignore[no-any-return]


def _freshness(header: FreshnessHeader | None) -> dg.FreshnessPolicy | None:
    if header is None:
        return None
    if header.fail_window:
        warn_window = forms.duration(header.warn_window) if header.warn_window else None
        return dg.FreshnessPolicy.time_window(forms.duration(header.fail_window), warn_window)
    return dg.FreshnessPolicy.cron(
        str(header.deadline_cron), forms.duration(str(header.lower_bound_delta)), header.timezone
    )
