"""Metadata and events that no Dagster of today sends."""

from __future__ import annotations

from typing import Any

import pytest

from daglab.client.events import parse_events
from daglab.client.metadata import parse_metadata
from daglab.client.transport import member
from daglab.errors import AuthenticationError, DagsterError


def entry(kind: str, **values: Any) -> dict[str, Any]:
    return {"__typename": f"{kind}MetadataEntry", "label": "x", "description": None, **values}


@pytest.mark.parametrize(
    ("given", "kind", "value"),
    [
        (entry("FromTheFuture", what=1), "unknown", "FromTheFutureMetadataEntry"),
        (entry("CodeReferences", codeReferences=[{"__typename": "New"}]), "code_references", [{"unknown": "New"}]),
        (entry("Json", jsonString='{"a": NaN}'), "json", {"a": "NaN"}),
        (entry("Json", jsonString="not JSON"), "json", "not JSON"),
        (entry("Float", floatRepr="-inf"), "float", "-inf"),
        (entry("Float", floatRepr="1e-3"), "float", 0.001),
        (entry("Int", intRepr="-99999999999999999999"), "int", -99999999999999999999),
    ],
)
def test_metadata(given: dict[str, Any], kind: str, value: object) -> None:
    (found,) = parse_metadata([given])
    assert (found.label, found.kind, found.value) == ("x", kind, value)


def test_an_event_of_an_unknown_kind_is_named() -> None:
    old, unknown = parse_events(
        [
            {
                "__typename": "RunSuccessEvent", "eventType": "PIPELINE_SUCCESS", "timestamp": "1500", "level": "DEBUG",
                "message": "", "stepKey": None,
            },
            {"__typename": "FromTheFutureEvent"},
        ]
    )  # fmt: skip
    assert (old.kind, old.timestamp, old.ends_run) == ("RUN_SUCCESS", 1.5, True)
    assert (unknown.kind, unknown.level, unknown.ends_run) == ("FromTheFutureEvent", "INFO", False)


def test_unknown_members_of_unions_are_named_errors() -> None:
    with pytest.raises(DagsterError, match="FromTheFuture, which daglab does not know") as caught:
        member({"__typename": "FromTheFuture"}, "Run")
    assert caught.value.details == {"type": "FromTheFuture"}
    with pytest.raises(AuthenticationError, match="not you"):
        member({"__typename": "UnauthorizedError", "message": "not you"}, "Run")
