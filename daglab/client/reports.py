"""Tell Dagster of materializations and observations that happened outside its runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from daglab.client.launch import require_known_partitions
from daglab.client.launching import known_assets
from daglab.client.partitions import fetch_partitions
from daglab.client.reserved import refuse_reserved
from daglab.client.transport import Transport, json_body
from daglab.errors import DagsterError, ValidationError


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
    refuse_reserved(metadata or {}, "Metadata")
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
