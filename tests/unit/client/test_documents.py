"""The GraphQL documents: constants, valid in the Dagster that is installed, each answer of a union asked for."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest
from graphql import (
    GraphQLSchema,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    validate,
    visit,
)
from graphql.language import FieldNode

from daglab.client import documents

MODULES = [name for _, name, _ in pkgutil.iter_modules(documents.__path__) if name != "fragments"]
DOCUMENTS = {
    f"{module}.{name}": text
    for module in MODULES
    for name, text in vars(importlib.import_module(f"daglab.client.documents.{module}")).items()
    if name.isupper() and not name.startswith("_") and not text.lstrip().startswith("fragment")
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    from dagster_graphql.schema import create_schema

    return create_schema().graphql_schema


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_valid(name: str, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(DOCUMENTS[name])) == []


def test_an_invalid_document_would_be_told(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(DOCUMENTS["assets.DEFINITIONS"].replace("groupName", "groupNames")))


# Members that are told by their name alone, as unknown ones are.
BY_NAME = {"AssetPartitionStatuses", "PartitionStatus1D", "DagsterRunEvent", "MetadataEntry", "SourceLocation"}


class Unions(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.missing: list[str] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        type_ = get_named_type(self.types.get_type())
        if not isinstance(type_, GraphQLUnionType) or type_.name in BY_NAME or node.selection_set is None:
            return
        asked = {
            selection.type_condition.name.value
            for selection in node.selection_set.selections
            if getattr(selection, "type_condition", None)
        }
        self.missing += [f"{type_.name}: {member.name}" for member in type_.types if member.name not in asked]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_each_member_of_a_union_is_asked_for(name: str, schema: GraphQLSchema) -> None:
    types = TypeInfo(schema)
    unions = Unions(types)
    visit(parse(DOCUMENTS[name]), TypeInfoVisitor(types, unions))
    assert unions.missing == []


def is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and is_constant(node.left) and is_constant(node.right)
    return isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_documents_are_constants_put_together_of_constants() -> None:
    """T17: no value becomes part of a query."""
    for module in Path(documents.__path__[0]).glob("*.py"):
        for statement in ast.parse(module.read_text("utf-8")).body:
            if isinstance(statement, ast.Assign):
                assert is_constant(statement.value), f"{module.name}:{statement.lineno}"
            else:
                assert isinstance(statement, ast.Expr | ast.ImportFrom), f"{module.name}:{statement.lineno}"


def test_nothing_but_these_documents_is_sent() -> None:
    """T17: each call of ``query``, ``mutate`` and ``_subscribe`` names a document."""
    package = Path(documents.__path__[0]).parent
    calls = 0
    for module in package.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in ("query", "mutate", "_subscribe"):
                continue
            document = node.args[1 if name == "_subscribe" else 0]
            calls += 1
            assert isinstance(document, ast.Attribute) and document.attr.isupper(), f"{module.name}:{node.lineno}"
    assert calls > 15
