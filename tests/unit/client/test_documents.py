"""The GraphQL documents against the schema of the Dagster that is installed."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, GraphQLUnionType, parse, validate

from daglab.client import documents

DOCUMENTS = {name: text for name, text in vars(documents).items() if name.isupper()}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    from dagster_graphql.schema import create_schema

    return create_schema().graphql_schema


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_valid(name: str, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(DOCUMENTS[name])) == []


def test_an_invalid_document_would_be_told(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(documents.ASSETS.replace("groupName", "groupNames")))


def test_each_answer_to_a_launch_is_asked_for(schema: GraphQLSchema) -> None:
    union = schema.type_map["LaunchRunResult"]
    assert isinstance(union, GraphQLUnionType)
    assert all(f"... on {member.name}" in documents.LAUNCH_RUN for member in union.types)
