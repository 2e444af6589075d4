"""Keys that Dagster reserves, as the one that is installed has them."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest

from daglab.client.reserved import RESERVED, refuse_reserved
from daglab.errors import ValidationError


def test_all_that_dagster_unpacks_are_known() -> None:
    from dagster_shared.serdes import serdes

    tree = ast.parse(inspect.getsource(serdes._unpack_object))
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In)]
    keys = {node.left.value for node in compared if isinstance(node.left, ast.Constant)}
    assert {"__class__", "__set__"} <= keys
    assert keys <= RESERVED


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
