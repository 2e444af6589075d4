"""What SQL cells read and define, by SQLGlot alone.

marimo asks DuckDB for the statements of a query and for what they create. Where DuckDB isn't installed it sees nothing,
some versions rewrite a statement such as PIVOT first, and of joins such as SEMI JOIN it passes over a side: a notebook
would have other ancestors and other code versions in a builder, or in a production image, than on the machine where it
was written, and a run of one asset would miss a table. So what is read is found here, in the syntax tree; by the words
alone where the installed SQLGlot can't parse a statement that another version can. tests/contract holds it to what is
written out for many queries, and to all that marimo finds with DuckDB.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import logging
import re
import threading
from collections.abc import Iterator
from typing import Any

_CALLS = {("marimo", "sql"), ("mo", "sql"), ("duckdb", "sql"), ("duckdb", "execute")}  # as in marimo's visitor
_BEFORE_TABLES = ("FROM", "JOIN", "INTO", "UPDATE", "PIVOT", "UNPIVOT", "DESCRIBE", "SUMMARIZE")
_CHANGING = (
    *(("INSERT", "INTO"), ("INSERT", "OR", "REPLACE", "INTO"), ("INSERT", "OR", "IGNORE", "INTO"), ("UPDATE",)),
    *(("DELETE", "FROM"), ("MERGE", "INTO"), ("TRUNCATE",), ("ALTER", "TABLE"), ("DROP",)),
)
_NO_TABLES = {"SELECT", "VALUES", "LATERAL", "UNNEST"}
_QUOTED = {"IDENTIFIER", "STRING"}
_silencing = threading.Lock()


def with_tables(visitor: type[Any]) -> type[Any]:
    """marimo's visitor of a cell's syntax tree, with SQL read as here."""
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
            for statement in statements(sql):
                for kind, ref in _Words(statement).created():
                    if kind in ("table", "view"):
                        about = {"sql_ref": ref} if has_ref else {"qualified_name": ref.qualified_name}
                        self._define(None, ref.table, variable(kind, **about))
                        defined.add(ref.qualified_name)
                    else:
                        self._define(None, ref, variable(kind))
                        defined.add(ref)
                for ref in read(statement):
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


def statements(sql: str) -> Iterator[str]:
    """The statements of a query, without the semicolons; raises SqlglotError where its words can't be told apart."""
    tokens = _tokens(sql)
    begin = 0
    for end in [i for i, token in enumerate(tokens) if token.token_type.name == "SEMICOLON"] + [len(tokens)]:
        if words := tokens[begin:end]:
            yield sql[words[0].start : words[-1].end + 1]
        begin = end + 1


def read(statement: str) -> list[Any]:
    """marimo's reference to each table that a statement reads or changes, by name."""
    from marimo._ast.sql_visitor import COMMON_FILE_EXTENSIONS, SQLRef
    from sqlglot import exp, parse
    from sqlglot.errors import ParseError

    log = logging.getLogger("sqlglot")
    with _silencing:  # of what it doesn't know it warns
        level = log.level
        log.setLevel(logging.ERROR)
        try:
            (tree,) = parse(statement, dialect="duckdb")
        except (ParseError, AttributeError):  # older ones raise this one for CREATE SCHEMA
            tree = None
        finally:
            log.setLevel(level)
    if tree is None or isinstance(tree, exp.Command):
        found = _Words(statement).read()
    elif isinstance(tree, exp.Use):
        return []
    else:
        found = (_parts(table) for table in tree.find_all(exp.Table) if _is_read(table, tree))
    names = {tuple(part.lower() for part in parts) for parts in found}
    return [
        SQLRef.from_parts(list(parts))
        for parts in sorted(names)
        if not ("://" in parts[-1] or parts[-1].endswith(COMMON_FILE_EXTENSIONS))  # a file, in quotes
    ]


def tables_changed(sql: str) -> set[str]:
    """The qualified names of the tables whose rows or columns a query changes; none where it can't be read."""
    from sqlglot.errors import SqlglotError

    try:
        return {name.lower() for statement in statements(sql) for name in _Words(statement).changed()}
    except SqlglotError:
        return set()


def _is_read(table: Any, tree: Any) -> bool:
    """Whether a table of the tree is one that is there: no function's result, nothing that is created, no WITH."""
    from sqlglot import exp

    creates = isinstance(table.parent, (exp.UserDefinedFunction, exp.Create)) and table.arg_key == "this"
    if creates or not isinstance(table.this, exp.Identifier):
        return False
    if table.db:
        return True
    above = [table]
    while above[-1].parent is not None:
        above.append(above[-1].parent)
    for cte in tree.find_all(exp.CTE):
        # Within its own text, the name of a WITH that isn't recursive is that of a table.
        is_within = any(node is cte for node in above) and not cte.parent.args.get("recursive")
        holds = any(node is cte.parent.parent for node in above)
        if holds and not is_within and cte.alias.lower() == table.name.lower():
            return False
    return True


def _parts(table: Any) -> list[str]:
    return [part for part in (table.catalog, table.db, table.name) if part]


def _tokens(sql: str) -> list[Any]:
    from sqlglot import tokenize

    return list(tokenize(sql, dialect="duckdb"))


class _Words:
    """The words of a statement, read from left to right."""

    def __init__(self, statement: str) -> None:
        tokens = _tokens(statement)
        if len(tokens) > 1 and tokens[0].token_type.name == "COMMAND":  # of one such as EXPLAIN the rest is a string
            tokens = _tokens(statement[tokens[0].end + 1 :])
        self._tokens = tokens
        self._at = 0

    def created(self) -> Iterator[tuple[str, Any]]:
        """What ``CREATE`` and ``ATTACH`` name: a kind (``table``, ``view``, ``schema``, ``catalog``) and marimo's
        reference, for the last two a name."""
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

    def changed(self) -> Iterator[str]:
        """The table behind ``INSERT INTO``, ``UPDATE``, ``DELETE FROM`` and the like, and of ``COPY ... FROM``."""
        if any(self._skip(*words) for words in _CHANGING):
            self._skip("TABLE")
            self._skip("IF", "EXISTS")
            yield ".".join(self._name())
        elif self._skip("COPY") and self._is_table():
            name = ".".join(self._name())
            if self._skip("FROM"):
                yield name

    def read(self) -> Iterator[list[str]]:
        """The names behind words such as ``FROM`` that are none of a ``WITH``."""
        texts = [token.text.upper() for token in self._tokens]
        withs = {
            texts[i] for i in range(len(texts) - 2) if texts[i + 1] == "AS" and texts[i + 2] in ("(", "MATERIALIZED")
        }
        while self._at < len(self._tokens):
            if not any(self._skip(word) for word in _BEFORE_TABLES):
                self._at += 1
                continue
            while self._is_table():
                parts = self._name()
                if not self._skip("(") and not (len(parts) == 1 and parts[0].upper() in withs):
                    yield parts
                if self._skip("AS") or self._kind() in ("VAR", "IDENTIFIER"):
                    self._at += 1
                if not self._skip(","):
                    break

    def _kind(self) -> str:
        """SQLGlot's type of the next word."""
        return self._tokens[self._at].token_type.name if self._at < len(self._tokens) else ""

    def _is_table(self) -> bool:
        """Whether the next word may be a table's name, which some keywords may, too."""
        if self._kind() in ("", "STRING", "NUMBER"):
            return False
        text = self._tokens[self._at].text
        return self._kind() == "IDENTIFIER" or bool(re.match(r"\w", text) and text.upper() not in _NO_TABLES)

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
