"""Partitions of assets: their keys, and where each stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

from daglab.client.assets import key_input
from daglab.client.documents import assets as documents
from daglab.client.transport import Transport, member

_LISTS = {
    "materializedPartitions": "materialized",
    "failedPartitions": "failed",
    "materializingPartitions": "materializing",
}


@dataclass(frozen=True)
class Dimension:
    """One dimension of partitions; most assets have one. ``kind``: time_window, static, dynamic."""

    name: str
    kind: str
    keys: tuple[str, ...]
    dynamic_name: str | None = None
    """The name under which keys are added to a dynamic dimension."""

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Key -> its place among the keys."""
        return {key: place for place, key in enumerate(self.keys)}

    def between(self, first: str, last: str) -> Sequence[str]:
        """The keys from ``first`` to ``last``; none where one of these is no longer defined."""
        start, end = self.positions.get(first), self.positions.get(last)
        return () if start is None or end is None else self.keys[start : end + 1]


@dataclass(frozen=True)
class Span:
    """Partitions of one status: all combinations of these keys, in the order of the dimensions."""

    status: str
    keys: tuple[Sequence[str], ...]

    def __len__(self) -> int:
        return prod(map(len, self.keys))

    def __iter__(self) -> Iterator[str]:
        return map("|".join, product(*self.keys))


@dataclass(frozen=True)
class Partitions:
    """The partitions of an asset; the property ``statuses`` maps those that are not missing to where each stands."""

    description: str
    dimensions: tuple[Dimension, ...]
    """Sorted by name, as in the keys of assets with two dimensions: ``2024-01-01|north``."""
    spans: tuple[Span, ...]
    """Those that are materialized, failed or materializing; no partition is in two of them."""

    @cached_property
    def statuses(self) -> Mapping[str, str]:
        """Key -> materialized, failed or materializing; keys that are in none of these states are left out."""
        return {key: span.status for span in self.spans for key in span}

    def __contains__(self, key: str) -> bool:
        parts = key.split("|") if len(self.dimensions) > 1 else [key]
        return len(parts) == len(self.dimensions) and all(
            part in dimension.positions for part, dimension in zip(parts, self.dimensions, strict=True)
        )

    def all_keys(self) -> Iterator[str]:
        """All keys, in order."""
        return map("|".join, product(*(dimension.keys for dimension in self.dimensions)))

    def status(self, key: str) -> str:
        """materialized, failed, materializing or missing."""
        return self.statuses.get(key, "missing")


async def fetch_partitions(
    transport: Transport, keys: Sequence[str], *, statuses: bool = True
) -> dict[str, Partitions | None]:
    """Asset key -> its partitions; None for one that is not partitioned. They may be many: a thread reads them."""
    variables = {"keys": [key_input(key) for key in keys], "statuses": statuses}
    nodes = (await transport.query(documents.PARTITIONS, variables))["assetNodes"]
    return await asyncio.to_thread(
        lambda: {"/".join(node["assetKey"]["path"]): parse_partitions(node) for node in nodes}
    )


def parse_partitions(node: Mapping[str, Any]) -> Partitions | None:
    """One node of the answer to the document PARTITIONS."""
    definition = node["partitionDefinition"]
    if definition is None:
        return None
    dynamic = {type_["name"]: type_["dynamicPartitionsDefinitionName"] for type_ in definition["dimensionTypes"]}
    dimensions = tuple(
        Dimension(
            name=dimension["name"],
            kind=dimension["type"].lower(),
            keys=tuple(dimension["partitionKeys"]),
            dynamic_name=dynamic.get(dimension["name"]),
        )
        for dimension in sorted(node["partitionKeysByDimension"], key=lambda dimension: str(dimension["name"]))
    )
    spans = tuple(_spans(node.get("assetPartitionStatuses") or {}, dimensions))
    return Partitions(definition["description"], dimensions, spans)


def _spans(answer: Mapping[str, Any], dimensions: Sequence[Dimension]) -> Iterator[Span]:
    if not answer:  # they were not asked for
        return
    if answer["__typename"] != "MultiPartitionStatuses":
        for status, keys in _one_dimension(answer, dimensions[0]):
            yield Span(status, (keys,))
        return
    primary_first = dimensions[0].name == answer["primaryDimensionName"]
    primary, secondary = dimensions if primary_first else reversed(dimensions)
    for span in answer["ranges"]:
        outer = primary.between(span["primaryDimStartKey"], span["primaryDimEndKey"])
        for status, inner in _one_dimension(span["secondaryDim"], secondary):
            yield Span(status, (outer, inner) if primary_first else (inner, outer))


def _one_dimension(answer: Mapping[str, Any], dimension: Dimension) -> Iterator[tuple[str, Sequence[str]]]:
    if answer["__typename"] not in ("DefaultPartitionStatuses", "TimePartitionStatuses"):
        member(answer, "TimePartitionStatuses")  # raises, and names it
    for name, status in _LISTS.items():
        if keys := answer.get(name):
            yield status, keys
    for span in answer.get("ranges", ()):
        yield span["status"].lower(), dimension.between(span["startKey"], span["endKey"])
