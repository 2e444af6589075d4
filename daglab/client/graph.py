"""The graph of assets: what is up- and downstream of what."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cached_property

from daglab.client.assets import Asset


class AssetGraph:
    """The assets of one Dagster with the edges between them; edges to keys that it does not define are left out."""

    def __init__(self, assets: Sequence[Asset]) -> None:
        self._assets = {asset.key: asset for asset in assets}
        self.keys = frozenset(self._assets)

    @cached_property
    def _parents(self) -> Mapping[str, Set[str]]:
        return {key: (self.keys & set(asset.dependencies)) - {key} for key, asset in self._assets.items()}

    @cached_property
    def _children(self) -> Mapping[str, Set[str]]:
        children: dict[str, set[str]] = defaultdict(set)
        for key, parents in self._parents.items():
            for parent in parents:
                children[parent].add(key)
        return children

    def where(self, condition: Callable[[Asset], bool]) -> set[str]:
        """Keys of the assets of which the condition holds."""
        return {key for key, asset in self._assets.items() if condition(asset)}

    def upstream(self, keys: Set[str], depth: int | None) -> set[str]:
        """``keys`` and what is upstream, ``depth`` levels of it or all; only what Dagster makes, as in Dagster."""
        return {key for key in self._reach(keys, self._parents, depth) if self._assets[key].materializable}

    def downstream(self, keys: Set[str], depth: int | None) -> set[str]:
        """``keys`` and what is downstream, ``depth`` levels of it or all."""
        return self._reach(keys, self._children, depth)

    def roots(self, keys: Set[str]) -> set[str]:
        """Those of ``keys`` that are downstream of none of them."""
        return set(keys) - self._beyond(keys, self._children)

    def sinks(self, keys: Set[str]) -> set[str]:
        """Those of ``keys`` that are upstream of none of them."""
        return set(keys) - self._beyond(keys, self._parents)

    def _beyond(self, keys: Set[str], edges: Mapping[str, Set[str]]) -> set[str]:
        first = {next_ for key in keys for next_ in edges.get(key, ())}
        return self._reach(first, edges, None)

    def _reach(self, keys: Set[str], edges: Mapping[str, Set[str]], depth: int | None) -> set[str]:
        reached = set(keys)
        frontier = reached
        while frontier and depth != 0:
            frontier = {next_ for key in frontier for next_ in edges.get(key, ())} - reached
            reached = reached | frontier
            depth = None if depth is None else depth - 1
        return reached


def matches_wildcard(text: str, pattern: str) -> bool:
    """Whether ``*`` in the pattern stands for any characters, ``/`` among them, of the text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
