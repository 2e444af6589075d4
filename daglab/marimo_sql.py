"""What SQL cells read and define, by SQLGlot alone.

marimo asks DuckDB for the statements of a query and for what they create. Where DuckDB isn't installed it sees nothing,
and some versions rewrite a statement such as PIVOT first: a notebook would have other ancestors and other code versions
in a builder, or in a production image, than on the machine where it was written. tests/contract holds the results equal
to marimo's own with DuckDB.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

_CALLS = {("marimo", "sql"), ("mo", "sql"), ("duckdb", "sql"), ("duckdb", "execute")}  # as in marimo's visitor


def with_tables(visitor: type[Any]) -> type[Any]:
    """marimo's visitor of a cell's syntax tree, with SQL read as here."""
    from marimo._ast.sql_visitor import find_sql_refs
    from marimo._ast.visitor import VariableData

    variable: Any = VariableData
    has_ref = any(field.name == "sql_ref" for field in dataclasses.fields(VariableData))  # since marimo 0.24

    class Visitor(visitor):  # type: ignore[misc]
        def visit_Call(self, node: ast.Call) -> ast.Call:  # noqa: N802 (ast's name)
            sql = query(node)
            if sql is None:
                return super().visit_Call(node)  # type: ignore[no-any-return]
            from sqlglot.errors import SqlglotError

            self.language = "sql"
            with contextlib.suppress(SqlglotError):  # a quote without an end: the query reads nothing
                self._see(sql)
            self.generic_visit(node)
            return node

        def _see(self, sql: str) -> None:
            defined = set()
            for statement, created in statements(sql):
                for kind, ref in created:
                    if kind in ("table", "view"):
                        about = {"sql_ref": ref} if has_ref else {"qualified_name": ref.qualified_name}
                        self._define(None, ref.table, variable(kind, **about))
                        defined.add(ref.qualified_name)
                    else:
                        self._define(None, ref, variable(kind))
                        defined.add(ref)
                for ref in find_sql_refs(statement):
                    if ref.qualified_name not in defined:
                        self._add_ref(None, ref.qualified_name, deleted=False, sql_ref=ref)

    return Visitor


def query(call: ast.Call) -> str | None:
    """The SQL of a call that marimo takes for a query; ``1`` stands for each of its ``{...}``."""
    from marimo._ast.sql_visitor import normalize_sql_f_string

    function = call.func
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and len(call.args) == 1):
        return None
    if (function.value.id, function.attr) not in _CALLS:
        return None
    (text,) = call.args
    if isinstance(text, ast.JoinedStr):
        return normalize_sql_f_string(text)
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else None


def statements(sql: str) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Each statement, with what it creates: a kind (``table``, ``view``, ``schema``, ``catalog``) and marimo's
    reference, for the last two a name.

    Raises:
        SqlglotError: its words can't be told apart.
    """
    from sqlglot import tokenize

    tokens = tokenize(sql, dialect="duckdb")
    begin = 0
    for end in [i for i, token in enumerate(tokens) if token.token_type.name == "SEMICOLON"] + [len(tokens)]:
        if words := tokens[begin:end]:
            yield sql[words[0].start : words[-1].end + 1], list(_Words(words).created())
        begin = end + 1


class _Words:
    """The words of a statement, read from left to right."""

    def __init__(self, tokens: Sequence[Any]) -> None:
        self._tokens = tokens
        self._at = 0

    def created(self) -> Iterator[tuple[str, Any]]:
        """What ``CREATE`` and ``ATTACH`` name, wherever in the statement they stand."""
        from marimo._ast.sql_visitor import SQLRef

        while self._at < len(self._tokens):
            if self._skip("CREATE"):
                self._skip("OR", "REPLACE")
                _ = self._skip("TEMP") or self._skip("TEMPORARY")
                kind = next((kind for kind in ("table", "view", "schema") if self._skip(kind.upper())), None)
                if kind:
                    self._skip("IF", "NOT", "EXISTS")
                    if parts := self._name():
                        yield kind, parts[-1] if kind == "schema" else SQLRef.from_parts(parts)
            elif self._skip("ATTACH"):
                self._skip("DATABASE")
                self._skip("IF", "NOT", "EXISTS")
                if path := self._name():
                    alias = self._name() if self._skip("AS") else None
                    yield "catalog", alias[0] if alias else path[0].split(".")[0].rpartition(":")[2]
            else:
                self._at += 1

    def _skip(self, *words: str) -> bool:
        """Go past these words, if they come next."""
        here = self._tokens[self._at : self._at + len(words)]
        found = tuple(token.text.upper() for token in here if token.token_type.name not in _QUOTED) == words
        self._at += len(words) if found else 0
        return found

    def _name(self) -> list[str]:
        """Go past a name; its parts."""
        parts = []
        while self._at < len(self._tokens):
            parts.append(self._tokens[self._at].text)
            self._at += 1
            if not self._skip("."):
                break
        return parts


_QUOTED = {"IDENTIFIER", "STRING"}
