"""The asset graph of one workspace version: definitions by key, what lies downstream, and each definition as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from daglab.client import Asset


@dataclass(frozen=True)
class AssetGraph:
    """All assets as Dagster defines them, sorted by key; ``version`` names the code locations that they came from."""

    version: tuple[tuple[str, str], ...]
    assets: tuple[Asset, ...]
    by_key: Mapping[str, Asset]
    encoded: Mapping[str, bytes]
    """Key -> the definition as a JSON object without its closing brace, for what changes to be added."""

    @classmethod
    def of(cls, version: tuple[tuple[str, str], ...], assets: Sequence[Asset]) -> AssetGraph:
        """Takes a tenth of a second for 10,000 assets: call it in a thread."""
        return cls(
            version=version,
            assets=tuple(assets),
            by_key={asset.key: asset for asset in assets},
            encoded={asset.key: _encoded(asset) for asset in assets},
        )

    @cached_property
    def downstream(self) -> Mapping[str, Sequence[str]]:
        """Key -> keys of the assets that are made from it directly."""
        found: dict[str, list[str]] = {}
        for asset in self.assets:
            for key in asset.dependencies:
                found.setdefault(key, []).append(asset.key)
        return found

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Code location -> how many assets it makes."""
        return Counter(asset.location for asset in self.assets)

    def with_descendants(self, keys: Iterable[str]) -> set[str]:
        """The keys and those of all assets that are made from them, near or far."""
        found: set[str] = set()
        waiting = [key for key in keys if key in self.by_key]
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += self.downstream.get(key, ())
        return found

    def made_by_job(self, job_name: str, location: str | None) -> list[str]:
        """Keys of the assets that a whole job makes."""
        return [
            asset.key for asset in self.assets if job_name in asset.job_names and location in (None, asset.location)
        ]


EMPTY = AssetGraph((), (), {}, {})


def _encoded(asset: Asset) -> bytes:
    definition = {
        "key": asset.key,
        "group": asset.group,
        "kinds": asset.kinds,
        "description": asset.description,
        "dependencies": asset.dependencies,
        "location": asset.location,
        "tags": dict(asset.tags),
        "owners": asset.owners,
        "materializable": asset.materializable,
        "partitioned": asset.partitioned,
        "has_checks": asset.has_checks,
        "has_config": asset.has_config,
    }
    return json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")[:-1]
