"""The Jupyter server extension: Dagster's assets and runs, and marimo, as REST resources."""

from __future__ import annotations

import gc
from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Where Jupyter finds the extension; a name that Jupyter gives."""
    collects = gc.isenabled()
    gc.disable()  # what is imported is no garbage, and to look through all that Jupyter holds takes a third of the time
    try:
        from daglab.server.app import DaglabApp
    finally:
        if collects:
            gc.enable()
    return [{"module": "daglab.server", "app": DaglabApp}]
