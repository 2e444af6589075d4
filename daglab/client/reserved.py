"""Keys that Dagster reserves in whatever it stores: it takes a mapping that has one, and fails to read it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daglab.errors import ValidationError

RESERVED = frozenset({"__class__", "__enum__", "__set__", "__frozenset__", "__mapping_items__"})
"""What ``dagster_shared.serdes`` takes for something other than a plain mapping."""


def refuse_reserved(value: Mapping[str, Any], what: str) -> None:
    """Raise ValidationError where ``value`` has a reserved key at any depth; ``what`` names it: Metadata, ..."""
    if not _has_reserved(value):
        return
    waiting: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
    while waiting:
        inner, path = waiting.pop()
        if isinstance(inner, Mapping):
            if found := next((key for key in inner if key in RESERVED), None):
                raise ValidationError(
                    f"{what} cannot have the key {'.'.join((*path, found))}: Dagster could not read it again.",
                    remedy="rename it",
                    details={"path": [*path, found]},
                )
            waiting += [(part, (*path, str(key))) for key, part in inner.items()]
        elif _is_list(inner):
            waiting += [(part, (*path, str(place))) for place, part in enumerate(inner)]


def _has_reserved(value: Mapping[str, Any]) -> bool:
    """Whether there is one; this is quick, for nearly all have none."""
    waiting: list[Any] = [value]
    while waiting:  # no recursion: it may be nested as deeply as its sender likes
        inner = waiting.pop()
        if isinstance(inner, Mapping):
            if not RESERVED.isdisjoint(inner):
                return True
            waiting += inner.values()
        elif _is_list(inner):
            waiting += inner
    return False


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
