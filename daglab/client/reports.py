"""Tell Dagster of materializations and observations that happened outside its runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from daglab.client.launch import require_known_partitions
from daglab.client.launching import known_assets
from daglab.client.partitions import fetch_partitions
from daglab.client.transport import Transport, json_body
from daglab.errors import DagsterError, ValidationError

_POISON = frozenset({"__class__", "__enum__"})


async def report(
    transport: Transport,
    kind: str,
    key: str,
    *,
    partition: str | None,
    metadata: Mapping[str, Any] | None,
    description: str | None,
    data_version: str | None,
) -> None:
    """Report a ``materialization`` or an ``observation`` of an asset.

    Dagster takes unknown assets and partitions, and metadata that it can never read again; none of them gets there.

    Raises:
        NotFoundError: Dagster has no such asset; the remedy names the nearest.
        ValidationError: an unknown partition, or metadata with a key that Dagster reserves.
        LostAnswerError: no answer came back; the event may have been recorded.
    """
    refuse_poison(metadata or {})
    (asset,) = await known_assets(transport, [key])
    if partition is not None:
        definitions = await fetch_partitions(transport, [key] if asset.partitioned else [], statuses=False)
        await asyncio.to_thread(require_known_partitions, [key], definitions, [partition])
    body: dict[str, Any] = {"asset_key": list(asset.path), "metadata": dict(metadata or {})}
    optional = {"partition": partition, "description": description, "data_version": data_version}
    body |= {name: value for name, value in optional.items() if value is not None}
    response = await transport.post(f"/report_asset_{kind}/", body)
    answer = json_body(response)
    if response.status_code == 200 and isinstance(answer, dict):
        return
    message = answer.get("error") if isinstance(answer, dict) else None
    if response.status_code == 400:
        raise ValidationError(f"Dagster refuses the report: {message or 'it does not say why'}.")
    raise DagsterError(
        f"Dagster refuses the report of {key} (HTTP {response.status_code}){': ' if message else ''}{message or ''}.",
        remedy="its log says more",
    )


def refuse_poison(metadata: Mapping[str, Any]) -> None:
    """Raise ValidationError for metadata with a key, at any depth, that makes all events of its asset unreadable."""
    for path in _paths(metadata, ()):
        if path[-1] in _POISON:
            raise ValidationError(
                f"Metadata cannot have the key {'.'.join(path)}: Dagster could not read it again.",
                remedy="rename it",
                details={"path": list(path)},
            )


def _paths(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield (*path, str(key))
            yield from _paths(inner, (*path, str(key)))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*path, str(index)))
