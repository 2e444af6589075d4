"""Keys that Dagster reserves, as the one that is installed has them."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest

from daglab.client.reserved import RESERVED, refuse_reserved
from daglab.errors import ValidationError


def keys_unpacked(source: str) -> set[str]:
    """The keys by which the source of Dagster's module takes a mapping for something else."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    (unpack,) = (node for node in functions if node.name == "_unpack_object")
    compared = [node for node in ast.walk(unpack) if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In)]
    return {str(node.left.value) for node in compared if isinstance(node.left, ast.Constant)}


def test_all_that_dagster_unpacks_are_known() -> None:
    from dagster_shared.serdes import serdes

    assert {"__class__", "__set__"} <= keys_unpacked(inspect.getsource(serdes)) <= RESERVED


@pytest.mark.parametrize("key", sorted(RESERVED))
@pytest.mark.parametrize(
    ("wrap", "path"),
    [(lambda x: x, ""), (lambda x: {"a": [{"b": x}]}, r"a\.0\.b\."), (lambda x: {"a": (x,)}, r"a\.0\.")],
)
def test_they_are_refused_at_any_depth(key: str, wrap: Any, path: str) -> None:
    with pytest.raises(ValidationError, match=f"^Metadata cannot have the key {path}{key}: "):
        refuse_reserved(wrap({key: 5}), "Metadata")


def test_all_others_pass() -> None:
    deep: Any = {}
    for _ in range(5_000):
        deep = {"a": deep}
    refuse_reserved({"class": "__class__", "x": ["__set__", 1, None], "deep": deep}, "Metadata")
