"""JSON texts edited in place: a member is replaced or inserted, and every other byte stays as it was."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u(?:00[89a-fA-F]|0[1-9a-fA-F]|[1-9a-fA-F])")


@dataclass(frozen=True)
class JsonValue:
    """A value with its place: ``text[start:end]`` is its spelling."""

    value: Any
    start: int
    end: int


@dataclass(frozen=True)
class JsonStyle:
    """How a document spells JSON: ``indent`` is one level's blanks, ``None`` when all stands on one line."""

    indent: str | None = " "
    ascii_only: bool = False
    spaced: bool = True
    newline: str = "\n"

    def dump(self, value: Any, level: int) -> str:
        """Spell ``value`` as it would stand at nesting ``level`` (0: the document itself)."""
        if self.indent is None:
            separators = (", ", ": ") if self.spaced else (",", ":")
            text = json.dumps(value, ensure_ascii=self.ascii_only, separators=separators)
        else:
            text = json.dumps(value, ensure_ascii=self.ascii_only, indent=self.indent)
        text = _SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)  # UTF-8 has none
        return text if self.indent is None else text.replace("\n", self.newline + self.indent * level)

    def gap(self, level: int) -> str:
        """What stands between two members at nesting ``level``, after the comma, and before the first."""
        return "" if self.indent is None else self.newline + self.indent * level


def style_of(text: str) -> JsonStyle:
    """The style of a document, from its first member and its escapes."""
    first = re.match(r"\s*\{(\s*)\"", text)
    blanks = first[1] if first else "\n "
    newline = "\r\n" if "\r\n" in blanks else "\n"
    indent = re.split(r"[\r\n]", blanks)[-1] if re.search(r"[\r\n]", blanks) else None
    ascii_only = text.isascii() and _ESCAPED.search(text) is not None
    return JsonStyle(indent, ascii_only, re.search(r'":[^ ]', text[:2000]) is None, newline)


def members(text: str, start: int) -> dict[str, JsonValue]:
    """The members of the object that begins at ``start``; of a repeated key, the last.

    Raises:
        ValueError: there is no JSON object.
    """
    found: dict[str, JsonValue] = {}
    position = _after(text, start, "{")
    while text[position] != "}":
        key, position = _DECODER.raw_decode(text, position)
        position = _after(text, _blanks(text, position), ":")
        value, end = _DECODER.raw_decode(text, position)
        found[key] = JsonValue(value, position, end)
        position = _blanks(text, end)
        if text[position] != "}":
            position = _after(text, position, ",")
    return found


def elements(text: str, start: int) -> list[JsonValue]:
    """The elements of the array that begins at ``start``.

    Raises:
        ValueError: there is no JSON array.
    """
    found: list[JsonValue] = []
    position = _after(text, start, "[")
    while text[position] != "]":
        value, end = _DECODER.raw_decode(text, position)
        found.append(JsonValue(value, position, end))
        position = _blanks(text, end)
        if text[position] != "]":
            position = _after(text, position, ",")
    return found


def with_members(text: str, changes: dict[str, Any], style: JsonStyle, level: int) -> str:
    """The object ``text`` with the members of ``changes`` replaced or added; ``None`` takes a member away.

    ``level`` is the nesting of the object's members. A :class:`RawJson` is put in as it is spelled.
    """
    for key, value in changes.items():
        present = members(text, 0)
        if value is None:
            text = _without(text, key, present)
            continue
        spelled = value.text if isinstance(value, RawJson) else style.dump(value, level)
        if key in present:
            text = text[: present[key].start] + spelled + text[present[key].end :]
            continue
        member = f"{json.dumps(key)}:{' ' if style.spaced else ''}{spelled}"
        if present:
            end = max(other.end for other in present.values())
            between = "," + (style.gap(level) or (" " if style.spaced else ""))
            text = text[:end] + between + member + text[end:]
        else:
            text = "{" + style.gap(level) + member + style.gap(level - 1) + "}"
    return text


@dataclass(frozen=True)
class RawJson:
    """A value that is spelled already."""

    text: str


def _without(text: str, key: str, present: dict[str, JsonValue]) -> str:
    if key not in present:
        return text
    ends = sorted(value.end for value in present.values())
    before = [end for end in ends if end < present[key].end]
    after = [end for end in ends if end > present[key].end]
    if before:  # from the end of the member before to this one's end: comma, blanks, key, value
        return text[: before[-1]] + text[present[key].end :]
    if after:
        first = _after(text, 0, "{")
        following = _after(text, _blanks(text, present[key].end), ",")
        return text[:first] + text[following:]
    return "{}"


_DECODER = json.JSONDecoder(strict=False)


def _blanks(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    if match.end() >= len(text):
        raise ValueError("the JSON ends early")
    return match.end()


def _after(text: str, position: int, sign: str) -> int:
    if text[position] != sign:
        raise ValueError(f"no {sign!r} at {position}")
    return _blanks(text, position + 1)
