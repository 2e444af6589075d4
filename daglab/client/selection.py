"""Dagster's asset selection syntax, resolved over the assets of all code locations.

What Dagster resolves in Python (``AssetSelection.from_string``) is resolved alike, external assets included:

- ``key:"sales/*"``, ``tag:tier=gold``, ``owner:"team:sales"``, ``group:sales``, ``kind:dbt``, ``code_location:shop``,
  ``is:external``, ``*``; ``kind:<null>`` for those without a kind;
- ``and``, ``or``, ``not``, parentheses; ``not`` binds closest, then ``and``;
- ``+x`` with all upstream of x, ``2+x`` two levels of it, ``x+`` and ``x+1`` downstream; ``roots(x)``, ``sinks(x)``.

Attributes that only Dagster's UI resolves (``status:``, ``column:``, ...) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from daglab.client.assets import Asset
from daglab.client.graph import AssetGraph, matches_wildcard
from daglab.errors import ValidationError, did_you_mean

_TOKEN = re.compile(
    r'\s*(?:(?P<quoted>"[^"\\\r\n]*")|(?P<null><null>)|(?P<digits>[0-9]+)|(?P<word>[A-Za-z_*][A-Za-z0-9_*/]*)|(?P<sign>[+():=]))'
)
_SUPPORTED = ("key", "tag", "owner", "group", "kind", "code_location", "is")
_DEEPEST = 100


def select(assets: Sequence[Asset], selection: str) -> list[Asset]:
    """Those of ``assets``, which are all of a Dagster, that ``selection`` selects, sorted by key.

    Raises:
        ValidationError: it is no valid selection; ``details["position"]`` is where.
    """
    keys = _Parser(AssetGraph(assets), selection).parse()
    return sorted((asset for asset in assets if asset.key in keys), key=lambda asset: asset.path)


class _Parser:
    """Recursive descent; each method answers the keys that its part of the text selects."""

    def __init__(self, graph: AssetGraph, text: str) -> None:
        self._graph = graph
        self._text = text
        self._tokens = list(self._tokenize(text))
        self._next = 0
        self._depth = 0

    def parse(self) -> set[str]:
        keys = self._or()
        if self._peek() is not None:
            self._fail("'and' or 'or' is missing before it")
        return keys

    def _or(self) -> set[str]:
        keys = self._and()
        while self._take("or", "OR"):
            keys = keys | self._and()
        return keys

    def _and(self) -> set[str]:
        keys = self._not()
        while self._take("and", "AND"):
            keys = keys & self._not()
        return keys

    def _not(self) -> set[str]:
        inverted = False
        while self._take("not", "NOT"):
            inverted = not inverted
        keys = self._traversal()
        return set(self._graph.keys) - keys if inverted else keys

    def _traversal(self) -> set[str]:
        if self._take("*"):
            return set(self._graph.keys)
        up, up_depth = self._up()
        keys = self._atom()
        found = self._graph.upstream(keys, up_depth) if up else set()
        if down := self._take("+"):
            digits = self._take_kind("digits")
            found = found | self._graph.downstream(keys, int(digits) if digits else None)
        return found if up or down else keys

    def _up(self) -> tuple[bool, int | None]:
        if digits := self._take_kind("digits"):
            if not self._take("+"):
                self._fail("'+' is missing before it")
            return True, int(digits)
        return bool(self._take("+")), None

    def _atom(self) -> set[str]:
        name = self._peek()
        if self._take("("):
            return self._parenthesized()
        if function := self._take("sinks", "roots"):
            self._require("(")
            keys = self._parenthesized()
            return self._graph.sinks(keys) if function == "sinks" else self._graph.roots(keys)
        word = self._take_kind("word")
        if word is None:
            self._fail("an attribute such as key: or group: is missing" if name else "something is missing")
        if not self._take(":"):
            self._next -= 1
            self._fail(f'a key is written key:"{word}"')
        if word not in _SUPPORTED:
            self._next -= 2
            self._fail(did_you_mean(word, _SUPPORTED))
        return self._attribute(word)

    def _parenthesized(self) -> set[str]:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("too many parentheses")
        keys = self._or()
        self._require(")")
        self._depth -= 1
        return keys

    def _attribute(self, name: str) -> set[str]:
        value = self._value(wildcard=name == "key", null=name not in ("key", "tag"))
        if name == "tag":
            tag = (self._value(wildcard=False, null=True) or "") if self._take("=") else ""
            return self._graph.where(lambda asset: asset.tags.get(value or "") == tag)
        if name == "is":
            if value not in ("external", "materializable"):
                self._fail("is:external or is:materializable")
            return self._graph.where(lambda asset: asset.materializable == (value == "materializable"))
        return self._graph.where(lambda asset: _matches(asset, name, value))

    def _value(self, *, wildcard: bool, null: bool) -> str | None:
        if quoted := self._take_kind("quoted"):
            return quoted.strip('"')
        if null and self._take_kind("null"):
            return None
        word = self._peek_kind("word")
        if word is None or word in ("and", "or", "not", "AND", "OR", "NOT", "*") or ("*" in word and not wildcard):
            self._fail("a value is missing; quote what is more than letters, digits, _ and /")
        self._next += 1
        return word

    def _tokenize(self, text: str) -> Iterable[tuple[str, str, int]]:
        position, end = 0, len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None:
                position += len(text[position:]) - len(text[position:].lstrip())
                self._fail("quote what is more than letters, digits, _ and /", position)
            kind = str(found.lastgroup)
            yield kind, found[kind], found.start(kind)
            position = found.end()

    def _peek(self) -> str | None:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else None

    def _peek_kind(self, kind: str) -> str | None:
        return self._peek() if self._next < len(self._tokens) and self._tokens[self._next][0] == kind else None

    def _take_kind(self, kind: str) -> str | None:
        token = self._peek_kind(kind)
        self._next += token is not None
        return token

    def _take(self, *texts: str) -> str | None:
        token = self._peek()
        if token not in texts:
            return None
        self._next += 1
        return token

    def _require(self, sign: str) -> None:
        if not self._take(sign):
            self._fail(f"{sign!r} is missing before it")

    def _fail(self, hint: str, position: int | None = None) -> NoReturn:
        if position is None:
            position = self._tokens[self._next][2] if self._next < len(self._tokens) else len(self._text)
        rest = self._text[position : position + 20] or "the end"
        raise ValidationError(
            f"The selection {self._text!r} is not valid at {rest!r}.",
            remedy=hint,
            details={"selection": self._text, "position": position},
        )


def _matches(asset: Asset, name: str, value: str | None) -> bool:
    if name == "key":
        return matches_wildcard(asset.key, value or "")
    if name == "group":
        return bool(value) and matches_wildcard(asset.group, value or "")
    if name == "kind":
        return value in asset.kinds if value is not None else not asset.kinds
    if name == "owner":
        return value in asset.owners
    return value in (asset.location, f"{asset.repository}@{asset.location}")
