"""What a header says of partitions: how the assets are partitioned, and which partitions of another asset they read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from daglab.notebook import dagster_forms as forms
from daglab.notebook.header_tables import OneOf, ShortTable, Table

Name = Annotated[str, AfterValidator(forms.name_form)]
Cron = Annotated[str, AfterValidator(forms.cron_form)]
Timezone = Annotated[str, AfterValidator(forms.timezone_form)]
PartitionKeys = Annotated[list[str], AfterValidator(forms.partition_keys_form), Field(min_length=1)]


class TimePartitions(Table):
    """Partitions by time."""

    start: date | datetime = Field(description="Start of the first partition.")
    end: date | datetime | None = Field(default=None, description="Start of the first partition that is left out.")
    timezone: Timezone = Field(default="UTC", description="IANA name of the time zone.")
    fmt: str | None = Field(default=None, description="How keys are written, in the codes of strftime.")
    end_offset: int = Field(
        default=0, description="Partitions beyond the last one that has ended: 1 adds the current one."
    )

    @field_validator("start", "end", mode="before")
    @classmethod
    def _as_datetime(cls, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                raise ValueError("a date is written as 2026-01-31, a time as 2026-01-31T06:00") from None
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime(value.year, value.month, value.day)  # Dagster takes no dates
        return value

    @model_validator(mode="after")
    def _tells_apart(self) -> TimePartitions:
        if self.fmt is not None:
            try:
                forms.time_format_form(self.fmt, self.digits)
            except ValueError as error:
                raise ValueError(f"fmt = {self.fmt!r}: {error}") from None
        return self

    @model_validator(mode="after")
    def _in_order(self) -> TimePartitions:
        # Whatever the zone, and a date or a time: here only what is plainly the wrong way round is of interest.
        if self.end is not None and self.end.strftime("%Y%m%d%H%M") <= self.start.strftime("%Y%m%d%H%M"):
            raise ValueError("the end is not after the start: there would be no partition")
        return self

    @property
    def digits(self) -> int:
        """How many of year, month, day, hour and minute tell one partition from the next."""
        return 3


class HourlyPartitions(TimePartitions):
    """Partitions of an hour."""

    minute_offset: int = Field(default=0, ge=0, le=59, description="Minute at which partitions begin.")

    @property
    def digits(self) -> int:
        """To the hour."""
        return 4


class DailyPartitions(TimePartitions):
    """Partitions of a day."""

    minute_offset: int = Field(default=0, ge=0, le=59, description="Minute at which partitions begin.")
    hour_offset: int = Field(default=0, ge=0, le=23, description="Hour at which partitions begin.")


class WeeklyPartitions(DailyPartitions):
    """Partitions of a week."""

    day_offset: int = Field(default=0, ge=0, le=6, description="Day on which partitions begin; 0 is Sunday.")


class MonthlyPartitions(DailyPartitions):
    """Partitions of a month."""

    day_offset: int = Field(default=1, ge=1, le=31, description="Day of the month on which partitions begin.")

    @property
    def digits(self) -> int:
        """To the month."""
        return 2


class CronPartitions(TimePartitions):
    """Partitions from each tick of a cron schedule to the next."""

    schedule: Cron = Field(description="Cron schedule of five fields.")

    @property
    def digits(self) -> int:
        """As the schedule ticks."""
        return forms.cron_digits(self.schedule)


class DimensionHeader(OneOf):
    """One dimension of partitions of two dimensions."""

    hourly: HourlyPartitions | None = Field(default=None, description="Partitions of an hour.")
    daily: DailyPartitions | None = Field(default=None, description="Partitions of a day.")
    weekly: WeeklyPartitions | None = Field(default=None, description="Partitions of a week.")
    monthly: MonthlyPartitions | None = Field(default=None, description="Partitions of a month.")
    cron: CronPartitions | None = Field(default=None, description="Partitions by a cron schedule.")
    static: PartitionKeys | None = Field(default=None, description="Partition keys.")
    dynamic: str | None = Field(
        default=None, min_length=1, description="Name of partitions that are added in Dagster, or by a sensor."
    )


class MultiDimensionHeader(DimensionHeader):
    """One dimension of partitions of two dimensions."""

    @field_validator("static")
    @classmethod
    def _single(cls, keys: list[str] | None) -> list[str] | None:
        return keys and forms.dimension_keys_form(keys)

    @field_validator("hourly", "daily", "weekly", "monthly", "cron")
    @classmethod
    def _single_time(cls, times: TimePartitions | None) -> TimePartitions | None:
        if times is not None and times.fmt is not None:
            forms.dimension_keys_form([times.fmt])
        return times


class PartitionsHeader(DimensionHeader):
    """One way to partition all assets of the notebook; the run sets the variable ``partition_key``."""

    multi: dict[Name, MultiDimensionHeader] | None = Field(
        default=None, min_length=2, max_length=2, description="Two dimensions, by their names."
    )


class WindowMapping(Table):
    """Time partitions around the one that is made; both offsets count partitions of the asset that is read."""

    start_offset: int = Field(default=0, description="From so many partitions later; negative: earlier.")
    end_offset: int = Field(default=0, description="To so many partitions later; negative: earlier.")
    allow_nonexistent_upstream_partitions: bool = Field(
        default=False, description="Leave out partitions before the first one or after the last one."
    )


class DimensionMapping(ShortTable):
    """The dimension of the notebook's own partitions that a dimension of the other asset corresponds to."""

    short: ClassVar[dict[str, Any]] = {"description": "Name of the notebook's own dimension."}
    dimension: Name = Field(description="Name of the notebook's own dimension.")
    partition_mapping: MappingHeader | None = Field(default=None, description="How their keys correspond.")

    @classmethod
    def from_string(cls, text: str) -> dict[str, Any]:
        """The dimension of that name."""
        return {"dimension": text}


class MappingHeader(ShortTable, OneOf):
    """Which partitions of another asset belong to the one that is made. ``"all"`` is short for ``{ all = true }``."""

    short: ClassVar[dict[str, Any]] = {"enum": ["identity", "all", "last"]}
    identity: Literal[True] | None = Field(default=None, description="The partition with the same key.")
    all: Literal[True] | None = Field(default=None, description="All partitions.")
    last: Literal[True] | None = Field(default=None, description="The last partition.")
    time_window: WindowMapping | None = Field(default=None, description="Partitions around the same time.")
    specific: PartitionKeys | None = Field(default=None, description="These partitions.")
    static: dict[str, list[str]] | None = Field(
        default=None, description="Key of the other asset -> keys of this one that read it."
    )
    dimension: Name | None = Field(
        default=None, description="The dimension that corresponds, where one of both assets has two."
    )
    dimensions: dict[Name, DimensionMapping] | None = Field(
        default=None, description="Dimension of the other asset -> the notebook's own, or a table."
    )

    @classmethod
    def from_string(cls, text: str) -> dict[str, Any]:
        """``identity``, ``all`` or ``last``."""
        return {text: True}


DimensionMapping.model_rebuild()
