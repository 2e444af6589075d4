"""What ``[tool.daglab]`` in a notebook's header may say: the model from which its JSON Schema is made."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, Field, model_validator

from daglab.notebook import dagster_forms as forms
from daglab.notebook.header_partitions import Cron, MappingHeader, Name, PartitionsHeader, Timezone
from daglab.notebook.header_tables import OneOf, ShortTable, Table


def _variable(name: str) -> str:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is not a variable's name")
    if name.startswith("_"):
        raise ValueError(f"{name!r} is private to its cell: names with a leading underscore don't leave it")
    return name


def _dotted(name: str) -> str:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError("a type is a dotted name, such as 'polars.DataFrame'")
    return name


Variable = Annotated[str, AfterValidator(_variable)]
OutputVariable = Annotated[Variable, AfterValidator(forms.output_form)]
Key = Annotated[str, AfterValidator(forms.asset_key_form)]
DottedName = Annotated[str, AfterValidator(_dotted)]
Duration = Annotated[str, AfterValidator(forms.duration_form)]
Group = Annotated[str, AfterValidator(forms.group_form)]
Pool = Annotated[str, AfterValidator(forms.pool_form)]
Owner = Annotated[str, AfterValidator(forms.owner_form)]
Kind = Annotated[str, AfterValidator(forms.kind_form)]
TagKey = Annotated[str, AfterValidator(forms.tag_key_form)]
TagValue = Annotated[str, AfterValidator(forms.tag_value_form)]
OpTagValue = Annotated[Any, AfterValidator(forms.op_tag_value_form)]


class DepHeader(ShortTable):
    """An upstream asset without a value in the notebook."""

    short: ClassVar[dict[str, Any]] = {"description": "Key of the upstream asset, such as 'raw/orders'."}
    key: Key = Field(description="Key of the upstream asset, such as 'raw/orders'.")
    partition_mapping: MappingHeader | None = Field(
        default=None, description="Which of its partitions belong to the one that is made; Dagster infers it if absent."
    )

    @classmethod
    def from_string(cls, text: str) -> dict[str, Any]:
        """The asset with that key."""
        return {"key": text}


class InputHeader(DepHeader):
    """An upstream asset whose value a notebook variable holds."""

    type: DottedName | None = Field(default=None, description="Expected type of the value, a dotted name; checked.")

    @property
    def is_earlier(self) -> bool:
        """Whether it is of earlier partitions, such as the day before, so that a notebook may read its own asset."""
        window = self.partition_mapping.time_window if self.partition_mapping else None
        return window is not None and window.start_offset <= window.end_offset < 0


class AutomationHeader(ShortTable):
    """When Dagster makes an asset, or runs a check, by itself. ``"cron: 0 6 * * *"`` is short for a table in UTC."""

    short: ClassVar[dict[str, Any]] = {"pattern": "^(eager|on_missing|cron: .+)$"}
    condition: Literal["eager", "on_missing"] | None = Field(
        default=None, description="After each update upstream, or when it is missing."
    )
    cron: Cron | None = Field(default=None, description="Cron schedule of five fields.")
    timezone: Timezone = Field(default="UTC", description="IANA name of the schedule's time zone.")

    @classmethod
    def from_string(cls, text: str) -> dict[str, Any]:
        """``eager``, ``on_missing`` or ``cron: 0 6 * * *``."""
        if text.startswith("cron: "):
            return {"cron": text.removeprefix("cron: ")}
        if text not in ("eager", "on_missing"):
            raise ValueError("an automation is 'eager', 'on_missing' or 'cron: ' with five fields")
        return {"condition": text}

    @model_validator(mode="after")
    def _one(self) -> AutomationHeader:
        if (self.condition is None) is (self.cron is None):
            raise ValueError("name one of condition, cron")
        return self


class FreshnessHeader(Table):
    """When an asset is too old: so long after its last materialization, or at the ticks of a schedule."""

    fail_window: Duration | None = Field(default=None, description="Time after which the asset fails, such as '36h'.")
    warn_window: Duration | None = Field(default=None, description="Time after which it warns.")
    deadline_cron: Cron | None = Field(default=None, description="Schedule of the times at which it must be there.")
    lower_bound_delta: Duration | None = Field(
        default=None, description="How long before each of them it may have been made."
    )
    timezone: Timezone = Field(default="UTC", description="IANA name of the schedule's time zone.")

    @model_validator(mode="after")
    def _one(self) -> FreshnessHeader:
        given = self.model_fields_set - {"timezone"}
        if given not in ({"fail_window"}, {"fail_window", "warn_window"}, {"deadline_cron", "lower_bound_delta"}):
            raise ValueError("name fail_window, perhaps with warn_window, or deadline_cron with lower_bound_delta")
        windows = [forms.duration(window) for window in (self.warn_window, self.fail_window) if window]
        if windows != sorted(set(windows)):
            raise ValueError("warn_window is shorter than fail_window")
        return self


class RetryHeader(Table):
    """How often Dagster tries again, and after how many seconds."""

    max_retries: int = Field(default=1, ge=0, description="Number of further tries.")
    delay: float | None = Field(default=None, ge=0, description="Seconds before a further try.")
    backoff: Literal["linear", "exponential"] | None = Field(default=None, description="How the delay grows.")
    jitter: Literal["full", "plus_minus"] | None = Field(default=None, description="How chance changes the delay.")

    @model_validator(mode="after")
    def _delayed(self) -> RetryHeader:
        if self.delay is None and (self.backoff or self.jitter):
            raise ValueError("backoff and jitter change a delay: name it")
        return self


class BackfillHeader(ShortTable, OneOf):
    """How many partitions one run of a backfill makes. ``"single_run"`` is short for ``{ single_run = true }``."""

    short: ClassVar[dict[str, Any]] = {"enum": ["single_run"]}
    single_run: Literal[True] | None = Field(default=None, description="All of them.")
    max_partitions_per_run: int | None = Field(default=None, ge=1, description="At most so many.")

    @classmethod
    def from_string(cls, text: str) -> dict[str, Any]:
        """``single_run``."""
        return {text: True}


class _Dependent(Table):
    deps: list[DepHeader] = Field(default=[], description="Keys of upstream assets without a value in the notebook.")

    @property
    def dep_keys(self) -> list[str]:
        """Keys of the upstream assets without a value in the notebook."""
        return [dep.key for dep in self.deps]


class AssetHeader(_Dependent):
    """A Dagster asset that a notebook variable holds at the end of its cell."""

    key: Key | None = Field(default=None, description="Asset key; the variable's name when absent.")
    key_prefix: Key | None = Field(default=None, description="Parts before the key, joined by '/'.")
    group: Group | None = Field(default=None, description="Group; the notebook's when absent.")
    description: str | None = Field(default=None, description="Shown in Dagster, as markdown.")
    owners: list[Owner] = Field(default=[], description="E-mail addresses, or 'team:NAME'.")
    tags: dict[TagKey, TagValue] = Field(default={}, description="Tags, for filtering and grouping.")
    kinds: list[Kind] = Field(default=[], max_length=3, description="Up to three kinds, such as 'polars'.")
    metadata: dict[str, str | int | float | bool] = Field(default={}, description="Metadata of the definition.")
    io_manager_key: Name | None = Field(default=None, description="IO manager resource that stores the value.")
    type: DottedName | None = Field(default=None, description="Type of the value, a dotted name; checked in the run.")
    automation: AutomationHeader | None = Field(
        default=None, description="'eager', 'on_missing', 'cron: 0 6 * * *', or a table."
    )
    freshness: FreshnessHeader | None = Field(default=None, description="Freshness policy.")
    retry: RetryHeader | None = Field(default=None, description="Retry policy of the notebook's step.")
    backfill: BackfillHeader | None = Field(
        default=None, description="Backfill policy of the notebook's step: 'single_run', or a table."
    )
    pool: Pool | None = Field(default=None, description="Concurrency pool of the notebook's step.")
    code_version: str | None = Field(default=None, description="Instead of the hash of the asset's own cells.")


class CheckHeader(_Dependent):
    """An asset check that a notebook variable holds: a bool, or a ``dagster.AssetCheckResult``."""

    asset: Variable = Field(description="Variable of the asset that is checked.")
    name: Name | None = Field(default=None, description="Name of the check; the variable's when absent.")
    description: str | None = Field(default=None, description="Shown in Dagster.")
    blocking: bool = Field(default=False, description="Downstream assets wait for the check to pass.")
    metadata: dict[str, str | int | float | bool] = Field(default={}, description="Metadata of the definition.")
    automation: AutomationHeader | None = Field(default=None, description="As that of an asset.")


class HeaderModel(Table):
    """``[tool.daglab]`` in the PEP 723 header of a notebook."""

    group: Group | None = Field(default=None, description="Group of the notebook's assets.")
    params: list[Variable] = Field(default=[], description="Variables that a run's configuration may set.")
    inputs: dict[Variable, InputHeader] = Field(default={}, description="Variable -> upstream asset.")
    assets: dict[OutputVariable, AssetHeader] = Field(default={}, description="Variable -> asset.")
    checks: dict[OutputVariable, CheckHeader] = Field(default={}, description="Variable -> asset check.")
    partitions: PartitionsHeader | None = Field(default=None, description="How the assets are partitioned.")
    resources: list[Name] = Field(
        default=[],
        description="Keys of Dagster resources that the notebook uses: `daglab.context().resources.NAME` in a run.",
    )
    op_tags: dict[TagKey, OpTagValue] = Field(
        default={}, description="Tags of the notebook's step, such as `dagster/priority` or `dagster-k8s/config`."
    )

    def upstream(self) -> Iterator[tuple[tuple[str, ...], DepHeader]]:
        """Each upstream asset that the header names, with its place; one may be named several times."""
        yield from ((("inputs", variable), given) for variable, given in self.inputs.items())
        tables: Mapping[str, _Dependent]
        for role, tables in (("assets", self.assets), ("checks", self.checks)):
            for variable, table in tables.items():
                yield from (((role, variable, "deps"), dep) for dep in table.deps)

    @staticmethod
    def keys_at(place: tuple[str, ...]) -> list[str]:
        """The keys that are known in the table at ``place``, for a suggestion."""
        found: Any = HeaderModel
        for part in place:
            fields = getattr(found, "model_fields", None)
            found = fields[part].annotation if fields else get_args(found)[-1]
            while get_origin(found) in (Annotated, Union, UnionType):
                found = get_args(found)[0]
        return list(found.model_fields)


def asset_key(variable: str, asset: AssetHeader) -> str:
    """The asset's whole key, as ``sales/orders``."""
    key = asset.key or variable
    return f"{asset.key_prefix}/{key}" if asset.key_prefix else key
