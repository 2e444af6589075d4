"""The notebooks of installed distributions, as their wheels' manifests tell of them; nothing of them is imported."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from daglab.notebook.manifest import FILE_NAME, read_manifest

GROUP = "daglab.code_locations"


@dataclass(frozen=True)
class InstalledNotebook:
    """A notebook in this environment: its files, the assets that it makes and reads.

    ``module`` is the code location's, such as ``shop.definitions``; ``sha256`` that of the .py as it was built.
    """

    distribution: str
    module: str
    path: Path
    ipynb: Path
    sha256: str
    assets: tuple[str, ...]
    inputs: tuple[str, ...]


def installed_notebooks() -> list[InstalledNotebook]:
    """The notebooks of all installed wheels that daglab's build hook has made, sorted by distribution and path.

    A code location without a manifest, such as an editable install, has none.

    Raises:
        BuildError: a manifest is damaged, or of a format that only a newer daglab reads.
    """
    found: dict[Path, InstalledNotebook] = {}
    for distribution in metadata.distributions():
        for entry in distribution.entry_points.select(group=GROUP):
            manifest = _manifest(distribution, entry.module)
            if manifest is None:
                continue
            for notebook in read_manifest(manifest):
                path = manifest.parent / notebook.path
                name = distribution.metadata["Name"]
                made = (name, entry.module, path, manifest.parent / notebook.ipynb, notebook.sha256)
                # the first distribution on the path is the one that Python imports
                found.setdefault(path, InstalledNotebook(*made, notebook.assets, notebook.inputs))
    return sorted(found.values(), key=lambda notebook: (notebook.distribution, notebook.path))


def _manifest(distribution: metadata.Distribution, module: str) -> Path | None:
    """The manifest of the innermost package around a module that has one."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        path = Path(str(distribution.locate_file("/".join((*parts[:length], FILE_NAME)))))
        if path.is_file():
            return path
    return None
