"""The forms that Dagster asks of keys, names, tags and schedules, so that a wrong header never reaches it."""

from __future__ import annotations

import json
import re
import zoneinfo
from datetime import datetime, timedelta
from functools import cache
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9_]+")
_GROUP = re.compile(r"[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*")
_POOL = re.compile(r"\S+")
_EMAIL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._%+-]*)@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
_TAG = re.compile(r"([A-Za-z0-9_.-]{1,63}/)?[A-Za-z0-9_.-]{1,63}")
_TAG_PART = re.compile(r"[A-Za-z0-9_.-]{1,63}")
# Names of outputs and of configuration that Dagster keeps to itself.
_RESERVED = frozenset(
    {"context", "conf", "config", "meta", "arg_dict", "dict", "input_arg_dict", "output_arg_dict"}
    | {"int", "str", "float", "bool", "input", "output", "type"}
)
_LONGEST_PART = 200  # bytes: a part becomes the name of a file or a folder, which has 255, and the IO manager's suffix
_DURATION = re.compile(r"[0-9]{1,5}[mhdw]")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_CRON_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)

# Before and after noon, in more than one year, month and minute.
_PROBES = (datetime(2001, 2, 3, 4, 5), datetime(2001, 2, 3, 16, 5), datetime(2012, 11, 25, 23, 30))


def asset_key_form(key: str) -> str:
    """An asset key, ``sales/orders``: IO managers make a path of it, which must not lead out of their storage."""
    return _path_form(key, "an asset key")


def partition_keys_form(keys: list[str]) -> list[str]:
    """Static partition keys: each is a path for an IO manager, ``...`` stands between the ends of a range."""
    for key in keys:
        _path_form(key, "a partition key")
        if "..." in key:
            raise ValueError(f"the partition key {key!r} has '...', which Dagster keeps for ranges")
    if len(set(keys)) < len(keys):
        raise ValueError(f"the partition key {next(k for k in keys if keys.count(k) > 1)!r} stands there twice")
    return keys


def dimension_keys_form(keys: list[str]) -> list[str]:
    """Static keys of one dimension of two, whose keys Dagster joins by ``|``."""
    for key in keys:
        if set(key) & set("|[],"):
            raise ValueError(f"the key {key!r} has one of '|', '[', ']', ',', which keys of two dimensions can't have")
    return keys


def _path_form(text: str, what: str) -> str:
    parts = text.split("/")
    if any(not part or part != part.strip() for part in parts):
        raise ValueError(f"{what} is parts joined by '/', none of them empty")
    if any(part in (".", "..") for part in parts):
        raise ValueError(f"{what} with a part '.' or '..' would lead out of the storage")
    if "\\" in text or not text.isprintable():
        raise ValueError(f"{what} has neither backslashes nor control characters")
    if any(len(part.encode()) > _LONGEST_PART for part in parts):
        raise ValueError(f"the parts of {what} have at most {_LONGEST_PART} bytes each")
    return text


def name_form(name: str) -> str:
    """A name of Dagster's, such as that of a check or of an output."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name for Dagster: letters from A to z, digits and '_'")
    return name


def output_form(name: str) -> str:
    """A variable that becomes the output of a step."""
    if name in _RESERVED:
        raise ValueError(f"Dagster keeps the name {name!r} to itself: rename the variable")
    return name_form(name)


def group_form(name: str) -> str:
    """A group's name; '/' makes groups of groups."""
    if not _GROUP.fullmatch(name):
        raise ValueError("a group is letters from A to z, digits and '_'; parts are joined by '/'")
    return name


def pool_form(name: str) -> str:
    """A concurrency pool's name."""
    if not _POOL.fullmatch(name):
        raise ValueError("a pool's name has no blanks")
    return name


def owner_form(owner: str) -> str:
    """An owner."""
    if not (_EMAIL.fullmatch(owner) or (owner.startswith("team:") and len(owner) > len("team:"))):
        raise ValueError("an owner is an e-mail address or 'team:NAME'")
    return owner


def kind_form(kind: str) -> str:
    """A kind, which Dagster stores as a part of a tag."""
    if not _TAG_PART.fullmatch(kind):
        raise ValueError("a kind is up to 63 letters from A to z, digits, '_', '-' and '.'")
    return kind


def tag_key_form(key: str) -> str:
    """The key of a tag."""
    if not _TAG.fullmatch(key):
        raise ValueError("a tag's key is up to 63 letters from A to z, digits, '_', '-' and '.', perhaps after 'NAME/'")
    return key


def tag_value_form(value: str) -> str:
    """The value of a tag."""
    if value and not _TAG_PART.fullmatch(value):
        raise ValueError("a tag's value is up to 63 letters from A to z, digits, '_', '-' and '.'")
    return value


def op_tag_value_form(value: Any) -> Any:
    """The value of a step's tag: whatever JSON can hold; Dagster keeps what is no text as JSON."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("the value of an op tag is what JSON can hold: no date, no time, no nan, no inf") from None
    return value


def timezone_form(name: str) -> str:
    """The name of a time zone; where the system has no list of them, any name will do."""
    if name != "UTC" and name not in _timezones() and _timezones():
        raise ValueError("a time zone is an IANA name, such as 'Europe/Berlin'")
    return name


@cache
def _timezones() -> set[str]:
    return zoneinfo.available_timezones()


def cron_form(schedule: str) -> str:
    """A cron schedule, ``0 6 * * *``."""
    fields = schedule.split()
    if len(fields) != len(_CRON_FIELDS):
        raise ValueError("a cron schedule has five fields, such as '0 6 * * *'")
    for text, (what, low, high, names) in zip(fields, _CRON_FIELDS, strict=True):
        for item in text.split(","):
            if not _cron_numbers(item, low, high, names):
                raise ValueError(
                    f"{item!r} is no {what} of a cron schedule: numbers from {low} to {high}, '*', ranges and steps"
                )
    return schedule


def cron_digits(schedule: str) -> int:
    """How many of year, month, day, hour and minute tell one tick of a schedule from the next."""
    minutes, hours, days, _, weekdays = (
        {number for item in text.split(",") for number in _cron_numbers(item, low, high, names)}
        for text, (_, low, high, names) in zip(schedule.split(), _CRON_FIELDS, strict=True)
    )
    if len(minutes) > 1:
        return 5
    if len(hours) > 1:
        return 4
    return 2 if len(days) == 1 and {day % 7 for day in weekdays} == set(range(7)) else 3


def duration_form(text: str) -> str:
    """A duration of at least a minute, such as ``36h``."""
    if not _DURATION.fullmatch(text) or duration(text) < timedelta(minutes=1):
        raise ValueError("a duration is a whole number of minutes, hours, days or weeks, such as '90m', '36h' or '7d'")
    return text


def duration(text: str) -> timedelta:
    """The duration that ``text``, in the form of :func:`duration_form`, stands for."""
    return int(text[:-1]) * _UNITS[text[-1]]


def time_format_form(fmt: str, digits: int) -> str:
    """A format of strftime by whose keys partitions differ in the first ``digits`` of year to minute."""
    for probe in _PROBES:
        key = probe.strftime(fmt)
        try:
            read = datetime.strptime(key, fmt) if "%Y" in fmt else datetime.min
        except ValueError:
            raise ValueError(f"Dagster can't read keys such as {key!r} again") from None
        if read.timetuple()[:digits] != probe.timetuple()[:digits]:
            raise ValueError(f"keys such as {key!r} don't tell one partition from the next")
        partition_keys_form([key])
    return fmt


def _cron_numbers(item: str, low: int, high: int, names: list[str]) -> list[int]:
    """What ``*``, ``5``, ``1-5``, ``mon-fri``, each perhaps with a step (``*/15``), stands for; nothing if wrong."""
    span, slash, step = item.partition("/")
    if slash and not (step.isascii() and step.isdigit() and 0 < int(step) <= high):
        return []
    if span == "*":
        return list(range(low, high + 1, int(step or 1)))
    ends = [_cron_number(end, low, names) for end in span.split("-")]
    first, last = ends[0], ends[-1]
    if len(ends) > 2 or first is None or last is None or not (low <= first <= high and low <= last <= high):
        return []
    if slash and len(ends) != 2:
        return []
    numbers = range(first, last + 1) if first <= last else [*range(first, high + 1), *range(low, last + 1)]
    return list(numbers[:: int(step or 1)])


def _cron_number(text: str, low: int, names: list[str]) -> int | None:
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if text.isascii() and text.isdigit() else None
