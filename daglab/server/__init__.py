"""The Jupyter server extension: Dagster's assets and runs, and marimo, as REST resources."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Where Jupyter finds the extension; a name that Jupyter gives."""
    from daglab.server.app import DaglabApp

    return [{"module": "daglab.server", "app": DaglabApp}]
