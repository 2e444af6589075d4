"""Finds calls of daglab's own functions in the code of a cell, without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def loaded_keys(code: str) -> Iterator[tuple[int, str]]:
    """(1-based line, key) of each call of ``daglab.load_asset`` whose key is written out."""
    for node in _calls(code):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="daglab"), attr="load_asset") | ast.Name(id="load_asset"),
                args=[ast.Constant(value=str(key)), *_],
            ):
                yield node.lineno, key


def calls(code: str, *names: str) -> bool:
    """Whether the code calls one of daglab's functions, such as ``context``, by whatever name daglab is imported."""
    for node in _calls(code):
        match node.func:
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in names:
                return True
    return False


def _calls(code: str) -> Iterator[ast.Call]:
    """All calls; code that doesn't parse has none."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))
