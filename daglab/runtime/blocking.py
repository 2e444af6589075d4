"""Blocking checks inside a notebook: their cells run before what depends on the checked asset, which waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from daglab.runtime.loaded import LoadedNotebook

Parents = Mapping[int, frozenset[int]]


def ordered(loaded: LoadedNotebook, order: Iterable[int], parents: Parents, checks: Iterable[str]) -> list[int]:
    """``order`` with the cells that each blocking check of ``checks`` needs brought forward, upstream assets first."""
    base = list(order)
    place = {index: position for position, index in enumerate(base)}
    groups = []
    for name in checks:
        check = loaded.header.checks[name]
        cells, asset = _defining(loaded, name), _defining(loaded, check.asset)
        if check.blocking:
            needed = upstream(cells, parents)
            groups.append((max((place.get(i, -1) for i in asset), default=-1), len(needed), needed))
    first = [index for *_, needed in sorted(groups, key=lambda group: group[:2]) for index in base if index in needed]
    return list(dict.fromkeys([*first, *base]))


def blocked_by(loaded: LoadedNotebook, asset: str, left: Iterable[str], parents: Parents) -> list[str]:
    """Of the variables ``left`` to make: assets that depend on ``asset``, and the checks that need one of them."""
    source = _defining(loaded, asset)
    waiting = list(left)
    needs = {name: upstream(_defining(loaded, name), parents) for name in waiting}
    assets = [name for name in waiting if name in loaded.header.assets and source & needs[name]]
    theirs = {index for name in assets for index in _defining(loaded, name)}
    checks = [name for name in waiting if name in loaded.header.checks and theirs & needs[name]]
    return [*assets, *checks]


def upstream(cells: Iterable[int], parents: Parents) -> frozenset[int]:
    """``cells`` and all that they need."""
    found: set[int] = set()
    waiting = list(cells)
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting += parents[index]
    return frozenset(found)


def _defining(loaded: LoadedNotebook, name: str) -> frozenset[int]:
    return frozenset(loaded.graph.cells.definitions.get(name, ()))
