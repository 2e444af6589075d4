"""Whether a project's dependencies cover what its notebooks require."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

RUNTIME_EXTRAS = frozenset({"dagster", "all"})


def has_runtime(dependencies: Iterable[str]) -> bool:
    """Whether ``daglab[dagster]`` (or ``daglab[all]``) is among the dependencies."""
    return any(r.extras & RUNTIME_EXTRAS for r in _parsed(dependencies) if canonicalize_name(r.name) == "daglab")


def uncovered(required: Iterable[str], dependencies: Iterable[str]) -> list[str]:
    """Those of ``required`` whose package is neither among ``dependencies`` nor comes with daglab itself.

    Names alone are compared. What is no valid requirement (PEP 508) is uncovered.
    """
    given = list(_parsed(dependencies))
    names: set[str] = {canonicalize_name(r.name) for r in given}
    for requirement in given:
        if canonicalize_name(requirement.name) == "daglab":
            names |= _comes_with_daglab(frozenset(requirement.extras))
    found = []
    for text in required:
        try:
            covered = canonicalize_name(Requirement(text).name) in names
        except InvalidRequirement:
            covered = False
        if not covered:
            found.append(text)
    return found


@lru_cache(maxsize=8)  # each notebook asks anew, and the metadata is a file to read
def _comes_with_daglab(extras: frozenset[str]) -> frozenset[str]:
    names: set[str] = set()
    for text in metadata.requires("daglab") or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ("", *extras)):
            names.add(canonicalize_name(requirement.name))
    return frozenset(names)


def _parsed(texts: Iterable[str]) -> Iterable[Requirement]:
    for text in texts:
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue
