"""Finds statements that change a variable's value in place, without running or importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Methods that change their object whatever it is, as far as the usual libraries go.
_ALWAYS = frozenset(
    {"append", "appendleft", "extend", "extendleft", "insert", "insert_column", "replace_column"}
    | {"pop", "popitem", "popleft", "drop_in_place", "discard", "setdefault", "__setitem__", "__delitem__"}
    | {"difference_update", "intersection_update", "symmetric_difference_update"}
)
# Methods that change a list, a dict, a set or a pandas object, and return a new value from a polars one.
_BY_TYPE = frozenset({"sort", "reverse", "clear", "update", "remove", "add"})
_BUILTIN = ("list", "dict", "set", "bytearray", "collections.", "builtins.")
# Methods that change a numpy array.
_OF_ARRAYS = frozenset({"sort", "fill", "resize", "put", "partition", "itemset", "setfield", "setflags"})
_IN_PLACE_FLAGS = frozenset({"inplace", "in_place"})


def changes(code: str, variable: str, type_name: str | None = None) -> Iterator[tuple[int, str]]:
    """Where ``code`` changes the value of the global ``variable`` in place: (1-based line, what is done).

    ``type_name`` is the declared type of the variable (``polars.DataFrame``), if any: ``sort`` changes a list and
    not a data frame. Without it such a call counts when its result is thrown away. Code that doesn't parse has no
    changes.
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    shown = tree.body[-1] if tree.body else None
    found = []
    for name in (variable, *_aliases(tree, variable)):
        finder = _Finder(name, type_name, shown)
        finder.visit(tree)
        found += finder.found if name == variable else [(n, _as(what, name, variable)) for n, what in finder.found]
    yield from sorted(found)


class _Finder(ast.NodeVisitor):
    def __init__(self, variable: str, type_name: str | None, shown: ast.stmt | None) -> None:
        self.found: list[tuple[int, str]] = []
        self._variable = variable
        self._type = type_name
        self._shown = shown  # a cell's last expression is its output: its value is used
        self._dropped: set[ast.Call] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        if self._variable not in _arguments(node.args):
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._target(target, "is assigned to")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._target(node.target, "is changed")
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._target(node.target, "is assigned to")
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._target(node.target, "is assigned to")
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._target(item.optional_vars, "is assigned to")
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == self._variable:
                self.found.append((target.lineno, f"{self._variable!r} is deleted"))
            self._target(target, "is deleted from")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call) and node is not self._shown:
            self._dropped.add(node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and _root(node.func.value) == self._variable:
            flagged = any(
                k.arg in _IN_PLACE_FLAGS and isinstance(k.value, ast.Constant) and k.value.value is True
                for k in node.keywords
            )
            if flagged or self._in_place(node.func.attr, node):
                self.found.append((node.lineno, f"{self._variable!r} is changed by .{node.func.attr}()"))
        match node:
            case ast.Call(func=ast.Name(id="setattr" | "delattr" as function), args=[changed, *_]):
                if _root(changed) == self._variable:
                    self.found.append((node.lineno, f"{self._variable!r} is changed by {function}()"))
        self.generic_visit(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if not self._is_local(node):
            self.generic_visit(node)

    def _in_place(self, method: str, call: ast.Call) -> bool:
        if method in _ALWAYS:
            return True
        if self._type is None:
            return method in _BY_TYPE | _OF_ARRAYS and call in self._dropped
        if self._type.startswith("numpy."):
            return method in _OF_ARRAYS
        if self._type.startswith("pandas."):
            return method == "update"
        return method in _BY_TYPE and self._type.startswith(_BUILTIN)

    def _target(self, target: ast.expr, verb: str) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for item in target.elts:
                self._target(item, verb)
        elif isinstance(target, ast.Starred):
            self._target(target.value, verb)
        elif not isinstance(target, ast.Name) and _root(target) == self._variable:
            self.found.append((target.lineno, f"{self._variable!r} {verb} ({ast.unparse(target)})"))

    def _is_local(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether the function has a variable of its own by that name."""
        inner = list(ast.walk(node))
        if any(isinstance(n, ast.Global) and self._variable in n.names for n in inner):
            return False
        stored = any(isinstance(n, ast.Name) and n.id == self._variable and not _loads(n) for n in inner)
        return stored or self._variable in _arguments(node.args)


def _aliases(tree: ast.Module, variable: str) -> list[str]:
    """Other names that the code gives the value, by ``=`` or ``:=``, in order.

    A name that is also given another value is none, because which of the two a later line means can't be told; nor is
    that of a part, ``b = orders[rows]``, which most libraries copy.
    """
    given: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                names = [name]
            case _:
                continue
        for name in names:
            given.setdefault(name, []).append(value)
    found = [variable]
    for name, values in given.items():
        if name not in found and all(isinstance(v, ast.Name) and v.id in found for v in values):
            found.append(name)
    return found[1:]


def _as(what: str, alias: str, variable: str) -> str:
    """What is done, told of the variable instead of its other name."""
    return f"{variable!r}, as {alias!r}, {what.removeprefix(f'{alias!r} ')}"


def _loads(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


def _arguments(arguments: ast.arguments) -> set[str]:
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {argument.arg for argument in listed if argument is not None}


def _root(node: ast.expr) -> str | None:
    """The variable at the root of ``a.b[c].d``; ``None`` when a call or anything else stands in between."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
