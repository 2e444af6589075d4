"""Partitions of one and two dimensions from Dagster's answers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from daglab.client.launch import require_known_partitions
from daglab.client.partitions import Dimension, Partitions, Span, parse_partitions
from daglab.errors import DagsterError, ValidationError
from daglab.server.routes.asset import PartitionsModel


def node(dimensions: dict[str, list[str]], statuses: dict[str, Any], kind: str = "STATIC") -> dict[str, Any]:
    return {
        "partitionDefinition": {
            "description": "d", "type": "x",
            "dimensionTypes": [{"name": name, "dynamicPartitionsDefinitionName": None} for name in dimensions],
        },
        "partitionKeysByDimension": [
            {"name": name, "type": kind, "partitionKeys": keys} for name, keys in dimensions.items()
        ],
        "assetPartitionStatuses": statuses,
    }  # fmt: skip


def default(**lists: list[str]) -> dict[str, Any]:
    names = ("materializedPartitions", "failedPartitions", "materializingPartitions")
    return {"__typename": "DefaultPartitionStatuses", **{name: lists.get(name, []) for name in names}}


def test_time_windows_are_ranges() -> None:
    days = [f"2024-01-0{day}" for day in range(1, 8)]
    ranges = [
        {"startKey": days[1], "endKey": days[3], "status": "MATERIALIZED"},
        {"startKey": days[5], "endKey": days[5], "status": "FAILED"},
        {"startKey": "1999-01-01", "endKey": days[6], "status": "FAILED"},  # no longer defined
    ]
    found = parse_partitions(node({"default": days}, {"__typename": "TimePartitionStatuses", "ranges": ranges}))
    assert found is not None
    assert [found.status(day) for day in days] == [
        "missing", "materialized", "materialized", "materialized", "missing", "failed", "missing",
    ]  # fmt: skip


def test_the_first_dimension_of_the_ranges_may_be_the_second_of_the_keys() -> None:
    """Keys are written in the order of the dimensions' names, whichever is primary."""
    answer = {
        "__typename": "MultiPartitionStatuses",
        "primaryDimensionName": "z_day",
        "ranges": [
            {
                "primaryDimStartKey": "d1",
                "primaryDimEndKey": "d2",
                "secondaryDim": default(materializedPartitions=["n"], failedPartitions=["s"]),
            }
        ],
    }
    found = parse_partitions(node({"z_day": ["d1", "d2", "d3"], "region": ["n", "s"]}, answer))
    assert found is not None
    assert [dimension.name for dimension in found.dimensions] == ["region", "z_day"]
    assert dict(found.statuses) == {
        "n|d1": "materialized", "n|d2": "materialized", "s|d1": "failed", "s|d2": "failed",
    }  # fmt: skip
    assert list(found.all_keys())[:2] == ["n|d1", "n|d2"]
    assert "n|d3" in found
    assert found.status("n|d3") == "missing"


def test_statuses_that_were_not_asked_for() -> None:
    answer = node({"default": ["a"]}, {})
    del answer["assetPartitionStatuses"]
    found = parse_partitions(answer)
    assert found is not None
    assert found.statuses == {}


def test_an_asset_without_partitions() -> None:
    assert parse_partitions({"partitionDefinition": None}) is None


def test_an_unknown_kind_of_statuses_is_a_named_error() -> None:
    with pytest.raises(DagsterError, match="FromTheFuture, which daglab does not know"):
        parse_partitions(node({"default": ["a"]}, {"__typename": "FromTheFuture"}))


def test_many_chosen_partitions_are_looked_up_among_many() -> None:
    keys = [f"key-{number:05}" for number in range(40_000)]
    many = Partitions("d", (Dimension("default", "static", tuple(keys)),), ())
    began = time.process_time()
    require_known_partitions(["a"], {"a": many}, keys)
    assert time.process_time() - began < 2


def test_of_many_unknown_partitions_some_are_named_and_of_many_known_some_compared() -> None:
    side = tuple(f"key-{number:05}" for number in range(40_000))
    plane = Partitions("d", (Dimension("a", "static", side), Dimension("b", "static", side)), ())
    unknown = [f"key-00000|kez-{number:05}" for number in range(20_000)]
    with pytest.raises(ValidationError, match=r"kez-00009 and 19990 others\.") as caught:
        require_known_partitions(["x"], {"x": plane}, unknown)
    assert "did you mean 'key-00000|key-0000" in caught.value.remedy
    assert len(caught.value.message) < 500


def test_statuses_of_very_many_partitions_are_counted_without_their_keys() -> None:
    side = tuple(f"{number:05}" for number in range(40_000))
    plane = Partitions(
        "d",
        (Dimension("a", "static", side), Dimension("b", "static", side)),
        (Span("materialized", (side[:30_000], side)), Span("failed", (side[30_000:30_001], side[:5]))),
    )
    told = PartitionsModel.of(plane)
    assert told.counts == {"materialized": 30_000 * 40_000, "failed": 5, "missing": 10_000 * 40_000 - 5}
    assert (len(told.statuses), next(iter(told.statuses))) == (10_000, "00000|00000")
    assert [(len(x.keys), x.total, x.keys[-1]) for x in told.dimensions] == [(10_000, 40_000, "39999")] * 2
