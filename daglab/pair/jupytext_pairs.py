"""What jupytext knows of a pair: its formats written and taken away, and pairs that it would write over refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daglab.errors import PairError
from daglab.notebook.json_text import members, with_members
from daglab.notebook.jupyter import JupyterNotebook
from daglab.pair.jupytext_formats import PAIRED, Halves, configured, find_config, halves, parse_formats
from daglab.pair.locate import Pair
from daglab.pair.places import absolute, formats_of, said_metadata


def refuse_other_format(pair: Pair) -> None:
    """Two tools must not write one .py in two formats.

    Raises:
        PairError: jupytext pairs the .ipynb with this .py, but not as a marimo notebook.
    """
    found = _paired(pair, formats_of(said_metadata(pair.ipynb)))
    if found is not None and found.py == absolute(pair.py) and not found.marimo:
        raise PairError(
            f"jupytext pairs {pair.ipynb} with {pair.py} in another format, and would write over a marimo notebook",
            remedy=f"choose: jupytext --set-formats {PAIRED}, or --set-formats ipynb",
        )


def pairing_config(pair: Pair) -> Path | None:
    """jupytext's configuration file, where that pairs these files as ``py:marimo``."""
    config = find_config(absolute(pair.ipynb).parent)
    found = _paired(pair, None)
    return config.path if config and found and found.marimo and found.py == absolute(pair.py) else None


def with_formats(jupyter: JupyterNotebook, pair: Pair) -> str:
    """The .ipynb's text with jupytext's formats in it, as ``jupytext --set-formats ipynb,py:marimo`` writes them.

    Raises:
        PairError: the halves don't stand side by side, and jupytext has no formats that say where they are.
    """
    said = formats_of(dict(jupyter.metadata))
    found = _paired(pair, said)
    if found is not None and found.marimo and found.py == absolute(pair.py) and said:
        return jupyter.text
    if pair.place is not None:
        raise PairError(
            f"{pair.py} doesn't stand beside {pair.ipynb}, and jupytext needs formats that say so",
            remedy=f"jupytext --set-formats 'notebooks///ipynb,marimo///py:marimo' {pair.ipynb}, with your folders",
        )
    others = [one for one in str(said or "").split(",") if one and one != "ipynb"]
    return _with_jupytext(jupyter, {**_jupytext(jupyter), "formats": ",".join([PAIRED, *others])})


def without_formats(jupyter: JupyterNotebook) -> str:
    """The .ipynb's text without the formats that pair it with a marimo notebook; other formats of jupytext stay."""
    value = _jupytext(jupyter)
    formats = value.get("formats")
    if not isinstance(formats, str):
        return jupyter.text
    texts = [text for text in formats.split(",") if text]
    left = [text for text in texts if not any(one.name == "marimo" for one in parse_formats(text))]
    if left == texts:
        return jupyter.text
    del value["formats"]
    if len(left) > 1:
        value["formats"] = ",".join(left)
    return _with_jupytext(jupyter, value or None)


def _paired(pair: Pair, formats: Any) -> Halves | None:
    """What jupytext pairs the .ipynb with: by these formats, or by its configuration."""
    ipynb = absolute(pair.ipynb)
    config = find_config(ipynb.parent)
    parsed = parse_formats(formats) if formats else configured(ipynb, config) if config else ()
    return halves(ipynb, parsed, config)


def _jupytext(jupyter: JupyterNotebook) -> dict[str, Any]:
    value = jupyter.metadata.get("jupytext")
    return dict(value) if isinstance(value, dict) else {}


def _with_jupytext(jupyter: JupyterNotebook, value: dict[str, Any] | None) -> str:
    text = jupyter.text
    old = members(text, text.index("{"))["metadata"]
    changed = with_members(text[old.start : old.end], {"jupytext": value}, jupyter.style, 2)
    return text[: old.start] + changed + text[old.end :]
