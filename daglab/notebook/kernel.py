"""Which language the code of a Jupyter notebook is written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_KERNELS = {"ir": "R", "julia": "julia"}  # those of Python have all kinds of names


def is_python(metadata: Mapping[str, Any]) -> bool:
    """Whether a notebook's metadata say that its code is Python, or nothing of it."""
    return language_of(metadata).lower() in ("python", "python3", "ipython")


def language_of(metadata: Mapping[str, Any]) -> str:
    """What the code is written in: kernelspec, language_info and jupytext say it, or the usual name of a kernel."""
    kernel, info, jupytext = (
        value if isinstance(value := metadata.get(key), dict) else {}
        for key in ("kernelspec", "language_info", "jupytext")
    )
    said = kernel.get("language") or info.get("name") or jupytext.get("main_language")
    name = re.match(r"ir\Z|julia", str(kernel.get("name")))
    return str(said or (name and _KERNELS[name[0]]) or "python")
