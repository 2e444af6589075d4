"""The command lines that stand in scripts, Dockerfiles, Python, and the YAML that starts containers and jobs."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any

_PARTS = ("entrypoint", "command", "args")  # of one command line, in this order
_SERVERS = re.compile("jupyter|marimo|dagster")  # only what has one of each is worth to be parsed
_OPENING = re.compile(r"""0\.0\.0\.0|token|TOKEN|allow|xsrf|["' =]::?["']|\*["']""")
_STARTING = ("system", "popen", "run", "call", "check_call", "check_output", "spawn", "exec")
_SEPARATORS = re.compile(r"[\[\],;|&]")  # of a shell, and of the JSON lists of a Dockerfile


def command_lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Each command line of a file as words, with the 1-based number of the line on which it begins.

    What is no command gives words as well: they name no server.
    """
    if path.suffix == ".py":
        return list(_of_python(text)) if _SERVERS.search(text) and _OPENING.search(text) else []
    if path.suffix in (".yaml", ".yml"):
        import yaml

        try:
            return list(_of_yaml(text))
        except (yaml.YAMLError, RecursionError):
            pass  # a template of YAML
    return list(_of_lines(text))


def _of_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Of a script: what goes on behind a backslash is one line."""
    joined = ""
    first = 1
    for number, line in enumerate(text.split("\n"), start=1):
        first = first if joined else number
        joined += line.rstrip("\r").removesuffix("\\") + " "
        if not line.rstrip("\r").endswith("\\"):
            yield first, _words(joined)
            joined = ""


def _of_python(text: str) -> Iterator[tuple[int, list[str]]]:
    """Of each call that starts a program: its arguments as a text, or as a list with a word an item."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in nodes:
        if not isinstance(node, ast.Call) or not _name(node.func).lower().startswith(_STARTING):
            continue
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(argument, (ast.List, ast.Tuple)):
                texts = [item.value for item in argument.elts if isinstance(item, ast.Constant)]
                yield argument.lineno, [text for text in texts if isinstance(text, str)]
            elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.lineno, _words(argument.value)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _of_yaml(text: str) -> Iterator[tuple[int, list[str]]]:
    """Of each text, of each list, and of each command that is divided into an entry point and its arguments."""
    import yaml

    for document in yaml.compose_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        waiting: list[Any] = [document]
        seen: set[int] = set()  # by an alias, a node may be in itself
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                values = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
                yield _line(node), _variables(values)
                told = [name for name in _PARTS if not isinstance(values.get(name), (yaml.MappingNode, NoneType))]
                if parts := [values.pop(name) for name in told]:
                    yield _line(parts[0]), [word for part in parts for word in _arguments(part)]
                waiting += values.values()
                waiting += [item for part in parts if isinstance(part.value, list) for item in part.value]
            elif isinstance(node, yaml.SequenceNode):
                yield _line(node), _arguments(node)
                waiting += node.value
            elif isinstance(node, yaml.ScalarNode) and " " in node.value:
                first = _line(node) + (node.style in ("|", ">"))
                yield from ((first + number - 1, words) for number, words in _of_lines(node.value))


def _variables(values: dict[str, Any]) -> list[str]:
    """What a mapping may set in an environment: ``NAME: value``, or Kubernetes' ``name: NAME`` and ``value: value``."""
    texts = {key: node.value for key, node in values.items() if isinstance(node.value, str)}
    named = [(texts["name"], texts["value"])] if {"name", "value"} <= texts.keys() else []
    return [f"{name}={value}" for name, value in (*texts.items(), *named)]


def _arguments(node: Any) -> list[str]:
    """The words of a text, or of a list with a word an item; an item of several is a command line of its own."""
    if isinstance(node.value, str):
        return _words(node.value)
    return [item.value for item in node.value if isinstance(item.value, str) and " " not in item.value]


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _words(line: str) -> list[str]:
    text = line.strip()
    if text.startswith("#"):
        return []
    try:
        return shlex.split(_SEPARATORS.sub(" ", text))
    except ValueError:
        return text.split()
