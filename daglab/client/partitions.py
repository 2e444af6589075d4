"""Partitions of assets: their keys, and where each stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
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


@dataclass(frozen=True)
class Partitions:
    """The partitions of an asset."""

    description: str
    dimensions: tuple[Dimension, ...]
    """Sorted by name, as in the keys of assets with two dimensions: ``2024-01-01|north``."""
    statuses: Mapping[str, str]
    """Key -> materialized, failed or materializing; keys that are in none of these states are left out."""

    def __contains__(self, key: str) -> bool:
        parts = key.split("|") if len(self.dimensions) > 1 else [key]
        return len(parts) == len(self.dimensions) and all(
            part in dimension.keys for part, dimension in zip(parts, self.dimensions, strict=True)
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
    """Asset key -> its partitions; None for one that is not partitioned."""
    variables = {"keys": [key_input(key) for key in keys], "statuses": statuses}
    nodes = (await transport.query(documents.PARTITIONS, variables))["assetNodes"]
    return {"/".join(node["assetKey"]["path"]): parse_partitions(node) for node in nodes}


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
    statuses = _statuses(node.get("assetPartitionStatuses") or {}, dimensions)
    return Partitions(definition["description"], dimensions, statuses)


def _statuses(answer: Mapping[str, Any], dimensions: Sequence[Dimension]) -> dict[str, str]:
    if not answer:  # they were not asked for
        return {}
    if answer["__typename"] != "MultiPartitionStatuses":
        return dict(_one_dimension(answer, dimensions[0].keys))
    primary_first = dimensions[0].name == answer["primaryDimensionName"]
    primary, secondary = dimensions if primary_first else reversed(dimensions)
    found = {}
    for span in answer["ranges"]:
        inner = dict(_one_dimension(span["secondaryDim"], secondary.keys))
        for outer in _between(primary.keys, span["primaryDimStartKey"], span["primaryDimEndKey"]):
            for key, status in inner.items():
                found[f"{outer}|{key}" if primary_first else f"{key}|{outer}"] = status
    return found


def _one_dimension(answer: Mapping[str, Any], keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    if answer["__typename"] not in ("DefaultPartitionStatuses", "TimePartitionStatuses"):
        member(answer, "TimePartitionStatuses")  # raises, and names it
    for name, status in _LISTS.items():
        for key in answer.get(name, ()):
            yield key, status
    for span in answer.get("ranges", ()):
        for key in _between(keys, span["startKey"], span["endKey"]):
            yield key, span["status"].lower()


def _between(keys: Sequence[str], first: str, last: str) -> Sequence[str]:
    try:
        return keys[keys.index(first) : keys.index(last) + 1]
    except ValueError:  # a partition that is no longer defined
        return ()
