"""Keys that Dagster reserves in whatever it stores: it takes a mapping that has one, and fails to read it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daglab.errors import ValidationError

RESERVED = frozenset({"__class__", "__enum__", "__set__", "__frozenset__", "__mapping_items__"})
"""What ``dagster_shared.serdes`` takes for something other than a plain mapping."""


def refuse_reserved(value: Mapping[str, Any], what: str) -> None:
    """Raise ValidationError where ``value`` has a reserved key at any depth; ``what`` names it: Metadata, ..."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
    while waiting:  # no recursion: it may be nested as deeply as its sender likes
        inner, path = waiting.pop()
        if isinstance(inner, Mapping):
            entries = [(str(key), part) for key, part in inner.items()]
            if found := next((key for key, _ in entries if key in RESERVED), None):
                raise ValidationError(
                    f"{what} cannot have the key {'.'.join((*path, found))}: Dagster could not read it again.",
                    remedy="rename it",
                    details={"path": [*path, found]},
                )
        elif isinstance(inner, Sequence) and not isinstance(inner, str | bytes):
            entries = [(str(place), part) for place, part in enumerate(inner)]
        else:
            continue
        waiting += [(part, (*path, key)) for key, part in entries if isinstance(part, Mapping | Sequence)]
