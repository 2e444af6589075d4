"""Registers packages under the entry point group by which daglab finds installed code locations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from daglab.notebook.installed import GROUP

if TYPE_CHECKING:
    from hatchling.metadata.core import CoreMetadata


def register(metadata: CoreMetadata, packages: Iterable[str]) -> None:
    """Add ``shop = "shop.definitions"`` for each package; what the project has declared itself stays."""
    for package in packages:
        metadata.entry_points.setdefault(GROUP, {}).setdefault(package, f"{package}.definitions")
