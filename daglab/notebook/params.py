"""Params: literal assignments of a notebook whose values a run's configuration may replace."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Optional, Union, get_args, get_origin

from daglab.errors import NotebookError
from daglab.notebook.cells import Cell, Notebook

_SCALARS = {"int": int, "float": float, "str": str, "bool": bool, "date": date}

_TYPES = "types: int, float, str, bool, date, Literal, Optional, list"


class _UnfitError(Exception):
    """Why an assignment is no param."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True)
class Param:
    """A param: its type as a typing object (``int``, ``Literal["a", "b"]``, ``Optional[int]``) and its default."""

    name: str
    type: Any
    default: Any
    line: int


def param_cells(notebook: Notebook, names: Collection[str]) -> list[int]:
    """Indices of the cells that assign params and do nothing else."""
    found = []
    for cell in notebook.cells:
        assigned = [name for name, *_ in _assignments(cell) or ()]
        if assigned and set(assigned) <= set(names):
            found.append(cell.index)
    return found


def read_params(notebook: Notebook, names: Collection[str]) -> dict[str, Param]:
    """Read the params' types and defaults, without running the notebook.

    Raises:
        NotebookError: a param is not assigned a literal in a cell of params alone, or its type is not supported
            (int, float, str, bool, date, Literal, Optional, list); see :func:`param_faults`.
    """
    params, faults = _read(notebook, names)
    for fault in faults:
        place = f"{notebook.path}:{fault.line}" if fault.line else notebook.path
        raise NotebookError(f"{place}: {fault.message}", remedy=fault.remedy)
    return params


@dataclass(frozen=True)
class ParamFault:
    """Why a param can't be read; ``line`` is 0 when no cell assigns it."""

    name: str
    line: int
    message: str
    remedy: str


def param_faults(notebook: Notebook, names: Collection[str]) -> list[ParamFault]:
    """All that keeps :func:`read_params` from reading the params."""
    return _read(notebook, names)[1]


def _read(notebook: Notebook, names: Collection[str]) -> tuple[dict[str, Param], list[ParamFault]]:
    params: dict[str, Param] = {}
    faults: dict[str, ParamFault] = {}
    for index in param_cells(notebook, names):
        cell = notebook.cells[index]
        for name, annotation, value in _assignments(cell) or ():
            line = cell.code_line + value.lineno - 1
            try:
                default = _literal(value)
                kind = _type(annotation, default)
                if not _fits(default, kind):
                    raise _UnfitError(f"the default {default!r} is not of its type", "change the default or the type")
                params[name] = Param(name, kind, default, line)
            except _UnfitError as error:
                faults[name] = ParamFault(name, line, f"param {name!r}: {error}", error.remedy)
    for name in names:
        if name not in params and name not in faults:
            message = f"param {name!r} is not assigned in a cell of params"
            remedy = f"add a cell with nothing but literal assignments of params, such as `{name}: int = 0`"
            faults[name] = ParamFault(name, 0, message, remedy)
    return params, list(faults.values())


def _assignments(cell: Cell) -> list[tuple[str, ast.expr | None, ast.expr]] | None:
    """(name, annotation, value) of each statement; ``None`` when the cell does anything but assign names."""
    if cell.kind != "cell":
        return None
    try:
        statements = ast.parse(cell.code).body
    except SyntaxError:
        return None
    found: list[tuple[str, ast.expr | None, ast.expr]] = []
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.append((name, None, value))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value):
                found.append((name, annotation, value))
            case _:
                return None
    return found


def _literal(node: ast.expr) -> Any:
    try:
        match node:
            case ast.Call(func=ast.Name(id="date") | ast.Attribute(attr="date"), args=[*parts], keywords=[]):
                return date(*(ast.literal_eval(part) for part in parts))
            case _:
                return ast.literal_eval(node)
    except (ValueError, TypeError) as error:
        message = f"{ast.unparse(node)} is not a literal"
        raise _UnfitError(message, "write the value itself, such as 3, 'x', [1, 2] or date(2026, 1, 1)") from error


def _type(annotation: ast.expr | None, default: Any) -> Any:
    if annotation is not None:
        return _annotated(annotation)
    if isinstance(default, list):
        kinds = {type(item) for item in default}
        return list[kinds.pop()] if len(kinds) == 1 else list  # type: ignore[misc]
    if type(default) not in _SCALARS.values():
        raise _UnfitError(f"the type of {default!r} is not supported without an annotation", _TYPES)
    return type(default)


def _annotated(node: ast.expr) -> Any:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _SCALARS:
            return _SCALARS[name]
        case (
            ast.BinOp(op=ast.BitOr(), left=kind, right=ast.Constant(value=None))
            | ast.BinOp(op=ast.BitOr(), left=ast.Constant(value=None), right=kind)
        ):
            return Optional[_annotated(kind)]  # noqa: UP045 - a type made at run time
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            if name == "Literal":
                return _choice([_literal(item) for item in _items(inner)])
            if name == "Optional":
                return Optional[_annotated(inner)]  # noqa: UP045
            if name in ("list", "List"):
                return list[_annotated(inner)]  # type: ignore[misc]
        case ast.Constant(value=str(text)):
            try:
                return _annotated(ast.parse(text, mode="eval").body)
            except SyntaxError as error:
                raise _UnfitError(f"the type {text!r} is not Python", _TYPES) from error
    raise _UnfitError(f"the type {ast.unparse(node)} is not supported", _TYPES)


def _choice(values: list[Any]) -> Any:
    """``Literal`` of one type: Dagster's configuration has one type for each value."""
    if {type(value) for value in values} not in ({int}, {str}, {bool}):
        raise _UnfitError("a Literal has values of one type", "int, str or bool")
    return Literal[tuple(values)]


def _fits(value: Any, kind: Any) -> bool:
    """Whether ``value`` is of a param's type; an int will do for a float, a bool is no int."""
    if get_origin(kind) is Literal:
        return any(value == choice and type(value) is type(choice) for choice in get_args(kind))
    if get_origin(kind) is Union:
        return any(_fits(value, option) for option in get_args(kind))
    if get_origin(kind) is list:
        return isinstance(value, list) and all(_fits(item, get_args(kind)[0]) for item in value)
    return type(value) is kind or (kind is float and type(value) is int)


def _items(node: ast.expr) -> Iterator[ast.expr]:
    yield from node.elts if isinstance(node, ast.Tuple) else [node]
