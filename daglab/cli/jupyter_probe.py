"""What Jupyter says of daglab in this environment, told by a process of its own for ``daglab doctor``.

``python -m daglab.cli.jupyter_probe`` prints ``{"extensions": {name: enabled}, "error": why daglab's server extension
can't be imported, or null, "front_end": version or null, "disabled": whether JupyterLab leaves it out, "jupytext":
whether jupytext converts by daglab, or null without jupytext}``.
"""

from __future__ import annotations

import importlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path, jupyter_path
from jupyter_server.extension.config import ExtensionConfigManager


def look() -> dict[str, Any]:
    """The one answer; see above."""
    manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
    return {
        "extensions": manager.get_jpserver_extensions(),  # type: ignore[no-untyped-call]
        "error": _import_error("daglab.server"),
        **_front_end(jupyter_path("labextensions")),
        "jupytext": _converts_by_daglab(),
    }


def _import_error(module: str) -> str | None:
    try:
        importlib.import_module(module)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _front_end(folders: list[str]) -> dict[str, Any]:
    found = next((path for folder in folders if (path := Path(folder, "daglab", "package.json")).is_file()), None)
    version = json.loads(found.read_text("utf-8"))["version"] if found else None
    disabled: Any = []
    if find_spec("jupyterlab_server"):
        from jupyterlab_server.config import get_page_config

        disabled = get_page_config(folders).get("disabledExtensions", [])
    return {"front_end": version, "disabled": any(name.partition(":")[0] == "daglab" for name in disabled)}


def _converts_by_daglab() -> bool | None:
    if find_spec("jupytext") is None:
        return None
    from jupytext.jupytext import TextNotebookConverter

    return bool(TextNotebookConverter.reads.__module__ == "daglab.jupytext_hook")


if __name__ == "__main__":
    print(json.dumps(look()))  # noqa: T201 - its answer
