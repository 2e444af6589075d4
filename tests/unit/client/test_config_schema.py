"""Configuration types that no Dagster of today has; those it has are compared in tests/integration/client."""

from __future__ import annotations

from daglab.client.config_schema import config_schema


def test_a_type_of_the_future_allows_anything() -> None:
    type_ = {
        "__typename": "FromTheFutureConfigType", "key": "k", "description": "what", "typeParamKeys": [],
        "isSelector": False,
    }  # fmt: skip
    assert config_schema([type_], "k") == {"description": "what"}
    assert config_schema([], "k") == {}
