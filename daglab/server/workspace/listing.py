"""Lists of assets as JSON, plain and compressed: filtered, in pages, made once for all who ask the same."""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from daglab.client import Asset, AssetState
from daglab.client.selection import select
from daglab.server.workspace.graph import AssetGraph
from daglab.server.workspace.states import AssetStates, state_json

_KEPT = 16


@dataclass(frozen=True)
class AssetFilter:
    """Which assets, and of these a page: at most ``limit`` behind the key ``cursor``. None and empty: all.

    ``text`` is looked for in key, group, description, kinds, tags and owners: each of its words, in any case. A tag is
    ``name`` or ``name=value``. ``selection`` is in Dagster's selection syntax.
    """

    text: str = ""
    groups: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    selection: str = ""
    cursor: str | None = None
    limit: int | None = None


@dataclass(frozen=True)
class AssetList:
    """A list of assets as it is sent; ``keys`` are those on it."""

    keys: tuple[str, ...]
    plain: bytes
    gzipped: bytes


@dataclass(frozen=True)
class Edition:
    """The assets as they stood at one time; ``tag`` is another one for each."""

    tag: str
    graph: AssetGraph
    states: Mapping[str, AssetState]
    notebooks: Mapping[str, str]
    _lists: dict[AssetFilter, asyncio.Future[AssetList]] = field(default_factory=dict)

    def made(self, wanted: AssetFilter) -> AssetList | None:
        """The list, where somebody has asked for it before."""
        known = self._lists.get(wanted)
        return known.result() if known and known.done() and not known.cancelled() and not known.exception() else None

    async def list(self, wanted: AssetFilter) -> AssetList:
        """The list, made in a thread; raises ValidationError for a wrong selection."""
        making = self._lists.get(wanted)
        if making is None:
            making = self._lists[wanted] = asyncio.ensure_future(asyncio.to_thread(self._make, wanted))
            if len(self._lists) > _KEPT:
                del self._lists[next(iter(self._lists))]
        return await asyncio.shield(making)

    def _make(self, wanted: AssetFilter) -> AssetList:
        found = [asset for asset in self._selected(wanted.selection) if self._matches(asset, wanted)]
        start = 0
        if wanted.cursor is not None:
            start = bisect_right([asset.path for asset in found], tuple(wanted.cursor.split("/")))
        end = len(found) if wanted.limit is None else start + wanted.limit
        page = found[start:end]
        following = page[-1].key if page and end < len(found) else None
        plain = b"".join(self._parts(page, len(found), following))
        return AssetList(tuple(asset.key for asset in page), plain, gzip.compress(plain, compresslevel=1, mtime=0))

    def _parts(self, page: Sequence[Asset], total: int, following: str | None) -> Iterator[bytes]:
        yield b'{"assets":['
        for number, asset in enumerate(page):
            key = asset.key
            rest = {**state_json(self.states[key]), "notebook": self.notebooks.get(key)}
            encoded = json.dumps(rest, separators=(",", ":")).encode()[1:]
            yield (b"," if number else b"") + self.graph.encoded[key] + b"," + encoded
        yield b'],"total":%d,"cursor":%s}' % (total, json.dumps(following).encode())

    def _selected(self, selection: str) -> Sequence[Asset]:
        return select(self.graph.assets, selection) if selection else self.graph.assets

    def _matches(self, asset: Asset, wanted: AssetFilter) -> bool:
        return (
            (not wanted.groups or asset.group in wanted.groups)
            and (not wanted.locations or asset.location in wanted.locations)
            and (not wanted.kinds or any(kind in wanted.kinds for kind in asset.kinds))
            and (not wanted.owners or any(owner in wanted.owners for owner in asset.owners))
            and (not wanted.tags or _has_tag(asset, wanted.tags))
            and (not wanted.text or _has_text(asset, wanted.text))
            and (not wanted.statuses or self.states[asset.key].status.value in wanted.statuses)
        )


class Editions:
    """The latest edition: kept as long as nothing changes, so that clients that have it need not get it again."""

    def __init__(self) -> None:
        self._server = secrets.token_hex(4)  # an earlier server's tags must not be mistaken for ours
        self._count = 0
        self._latest: Edition | None = None
        self._generation = -1

    def of(self, graph: AssetGraph, states: AssetStates, notebooks: Mapping[str, str]) -> Edition:
        """The edition that holds now."""
        latest = self._latest
        if (
            latest is None
            or latest.graph is not graph
            or self._generation != states.generation
            or latest.notebooks != notebooks
        ):
            self._count += 1
            latest = Edition(f"{self._server}-{self._count}", graph, states.snapshot(), dict(notebooks))
            self._latest, self._generation = latest, states.generation
        return latest


def _has_tag(asset: Asset, tags: Collection[str]) -> bool:
    pairs = (tag.partition("=") for tag in tags)
    return any(name in asset.tags and (not equals or asset.tags[name] == value) for name, equals, value in pairs)


def _has_text(asset: Asset, text: str) -> bool:
    tags = [part for tag in asset.tags.items() for part in tag]
    words = [asset.key, asset.group, asset.description or "", *asset.kinds, *tags, *asset.owners]
    place = "\n".join(words).casefold()
    return all(word in place for word in text.casefold().split())
