"""Finds calls of ``daglab.load_asset`` whose key is written out, without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def loaded_keys(code: str) -> Iterator[tuple[int, str]]:
    """(1-based line, key) of each call; code that doesn't parse has none."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="daglab"), attr="load_asset") | ast.Name(id="load_asset"),
                args=[ast.Constant(value=str(key)), *_],
            ):
                yield node.lineno, key
