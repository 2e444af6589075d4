"""The command lines that stand in scripts, in Dockerfiles, and in the YAML that starts containers and jobs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any

_PARTS = ("entrypoint", "command", "args")  # of one command line, in this order
_SEPARATORS = re.compile(r"[\[\],;|&]")  # of a shell, and of the JSON lists of a Dockerfile


def command_lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Each command line of a file as words, with the 1-based number of the line on which it begins.

    What is no command gives words as well: they name no server.
    """
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
