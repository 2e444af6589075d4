"""What a package of a `dg` project needs where the project around it is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daglab.config_sources import read_toml

_CARRIED = ("root_module", "defs_module", "code_location_target_module", "code_location_name")


def dg_toml(root: Path, package: str) -> str | None:
    """The ``dg.toml`` by which ``load_from_defs_folder`` finds its project in a wheel; ``None`` for other packages."""
    declared = read_toml(root / "dg.toml") if (root / "dg.toml").is_file() else {}
    project = _table(declared, "project") or _table(read_toml(root / "pyproject.toml"), "tool", "dg", "project")
    if project.get("root_module") != package:
        return None
    said = "".join(f"{name} = {json.dumps(project[name])}\n" for name in _CARRIED if isinstance(project.get(name), str))
    return f'directory_type = "project"\n\n[project]\n{said}'


def _table(document: dict[str, Any], *place: str) -> dict[str, Any]:
    for part in place:
        below = document.get(part)
        document = below if isinstance(below, dict) else {}
    return document
