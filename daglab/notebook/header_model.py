"""What ``[tool.daglab]`` in a notebook's header may say: the model from which its JSON Schema is made."""

from __future__ import annotations

import keyword
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from daglab.notebook import dagster_forms as forms


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
Automation = Annotated[str, AfterValidator(forms.automation_form)]
Name = Annotated[str, AfterValidator(forms.name_form)]
Group = Annotated[str, AfterValidator(forms.group_form)]
Pool = Annotated[str, AfterValidator(forms.pool_form)]
Owner = Annotated[str, AfterValidator(forms.owner_form)]
Kind = Annotated[str, AfterValidator(forms.kind_form)]
TagKey = Annotated[str, AfterValidator(forms.tag_key_form)]
TagValue = Annotated[str, AfterValidator(forms.tag_value_form)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class InputHeader(_Table):
    """An upstream asset whose value a notebook variable holds."""

    key: Key = Field(description="Key of the upstream asset, such as 'raw/orders'.")
    type: DottedName | None = Field(default=None, description="Expected type of the value, a dotted name; checked.")

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"key": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        key = {"type": "string", "description": "Key of the upstream asset, such as 'raw/orders'."}
        return {"anyOf": [key, handler(core_schema)]}


class RetryHeader(_Table):
    """How often Dagster tries again, and after how many seconds."""

    max_retries: int = Field(default=1, ge=0, description="Number of further tries.")
    delay: float | None = Field(default=None, ge=0, description="Seconds before a further try.")


class AssetHeader(_Table):
    """A Dagster asset that a notebook variable holds at the end of its cell."""

    key: Key | None = Field(default=None, description="Asset key; the variable's name when absent.")
    key_prefix: Key | None = Field(default=None, description="Parts before the key, joined by '/'.")
    group: Group | None = Field(default=None, description="Group; the notebook's when absent.")
    description: str | None = Field(default=None, description="Shown in Dagster, as markdown.")
    owners: list[Owner] = Field(default=[], description="E-mail addresses, or 'team:NAME'.")
    tags: dict[TagKey, TagValue] = Field(default={}, description="Tags, for filtering and grouping.")
    kinds: list[Kind] = Field(default=[], max_length=3, description="Up to three kinds, such as 'polars'.")
    metadata: dict[str, str | int | float | bool] = Field(default={}, description="Metadata of the definition.")
    deps: list[Key] = Field(default=[], description="Upstream assets without a value in the notebook.")
    io_manager_key: Name | None = Field(default=None, description="IO manager resource that stores the value.")
    type: DottedName | None = Field(default=None, description="Type of the value, a dotted name; checked in the run.")
    automation: Automation | None = Field(default=None, description="'eager', 'on_missing' or 'cron: 0 6 * * *'.")
    retry: RetryHeader | None = Field(default=None, description="Retry policy of the notebook's step.")
    pool: Pool | None = Field(default=None, description="Concurrency pool of the notebook's step.")
    code_version: str | None = Field(default=None, description="Instead of the hash of the asset's own cells.")


class CheckHeader(_Table):
    """An asset check that a notebook variable holds: a bool, or a ``dagster.AssetCheckResult``."""

    asset: Variable = Field(description="Variable of the asset that is checked.")
    name: Name | None = Field(default=None, description="Name of the check; the variable's when absent.")
    description: str | None = Field(default=None, description="Shown in Dagster.")
    blocking: bool = Field(default=False, description="Downstream assets wait for the check to pass.")


class TimePartitions(_Table):
    """Partitions by time."""

    start: date | datetime = Field(description="Start of the first partition.")
    end: date | datetime | None = Field(default=None, description="Start of the first partition that is left out.")
    timezone: Annotated[str, AfterValidator(forms.timezone_form)] = Field(
        default="UTC", description="IANA name of the time zone."
    )

    @field_validator("start", "end", mode="before")
    @classmethod
    def _as_datetime(cls, value: Any) -> Any:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime(value.year, value.month, value.day)  # Dagster takes no dates
        return value


class PartitionsHeader(_Table):
    """One way to partition all assets of the notebook; the run sets the variable ``partition_key``."""

    hourly: TimePartitions | None = Field(default=None, description="Partitions of an hour.")
    daily: TimePartitions | None = Field(default=None, description="Partitions of a day.")
    weekly: TimePartitions | None = Field(default=None, description="Partitions of a week, from Sunday.")
    monthly: TimePartitions | None = Field(default=None, description="Partitions of a month.")
    static: Annotated[list[str], AfterValidator(forms.partition_keys_form)] | None = Field(
        default=None, min_length=1, description="Partition keys."
    )

    @model_validator(mode="after")
    def _one(self) -> PartitionsHeader:
        if len(self.model_fields_set) != 1:
            raise ValueError("name one of hourly, daily, weekly, monthly, static")
        return self


class HeaderModel(_Table):
    """``[tool.daglab]`` in the PEP 723 header of a notebook."""

    group: Group | None = Field(default=None, description="Group of the notebook's assets.")
    params: list[Variable] = Field(default=[], description="Variables that a run's configuration may set.")
    inputs: dict[Variable, InputHeader] = Field(default={}, description="Variable -> upstream asset.")
    assets: dict[OutputVariable, AssetHeader] = Field(default={}, description="Variable -> asset.")
    checks: dict[OutputVariable, CheckHeader] = Field(default={}, description="Variable -> asset check.")
    partitions: PartitionsHeader | None = Field(default=None, description="How the assets are partitioned.")

    @staticmethod
    def keys_at(place: tuple[str, ...]) -> list[str]:
        """The keys that are known at ``place``, for a suggestion."""
        tables: dict[str, type[_Table]] = {"inputs": InputHeader, "assets": AssetHeader, "checks": CheckHeader}
        if not place:
            return list(HeaderModel.model_fields)
        if place[0] in tables:
            table = RetryHeader if place[2:] == ("retry",) else tables[place[0]]
            return list(table.model_fields)
        return list((PartitionsHeader if len(place) == 1 else TimePartitions).model_fields)


def asset_key(variable: str, asset: AssetHeader) -> str:
    """The asset's whole key, as ``sales/orders``."""
    key = asset.key or variable
    return f"{asset.key_prefix}/{key}" if asset.key_prefix else key
