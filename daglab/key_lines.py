"""Where in a TOML or YAML text each key stands: neither tomllib nor PyYAML tells, and every message must."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yaml import Node

Place = tuple[str, ...]

_TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


def toml_key_lines(text: str) -> dict[Place, int]:
    """Path of each table and each key of a valid TOML text -> its 1-based line.

    Keys inside an inline table are not listed; :func:`line_of` answers with the table's line.
    """
    lines: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _TABLE.match(line):
            table = _parts(match[1])
            lines.setdefault(table, number)
        elif match := _KEY.match(line):
            lines.setdefault(table + _parts(match[1]), number)
    return lines


def yaml_key_lines(text: str) -> tuple[dict[Place, int], list[tuple[Place, int]]]:
    """Path of each mapping key of a YAML text -> its 1-based line, and the keys that stand there twice.

    YAML forbids a key twice in one mapping; PyYAML takes the last one without a word.

    Raises:
        yaml.YAMLError: the text is not YAML, or holds several documents.
    """
    import yaml

    lines: dict[Place, int] = {}
    repeated: list[tuple[Place, int]] = []
    for place, line in _walk(yaml.compose(text, Loader=yaml.SafeLoader), ()):
        if place in lines:
            repeated.append((place, line))
        lines[place] = line
    return lines, repeated


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of the key at ``place``, or of the nearest key around it."""
    for length in range(len(place), -1, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return min(lines.values(), default=1)


def _walk(node: Node | None, around: Place) -> Iterator[tuple[Place, int]]:
    from yaml import MappingNode

    if not isinstance(node, MappingNode):
        return
    for key, value in node.value:
        place = (*around, str(key.value))
        yield place, key.start_mark.line + 1
        yield from _walk(value, place)


def _parts(dotted: str) -> Place:
    return tuple(a or b or c for a, b, c in _PART.findall(dotted))
