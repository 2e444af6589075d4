"""What a cell shows, as outputs of a Jupyter notebook."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from daglab import marimo_run
from daglab.runtime.console import StreamName
from daglab.runtime.isolation import close_figures, open_figures

Output = dict[str, Any]
_TEXT_LIMIT = 20_000
_HTML_LIMIT = 2_000_000  # characters; the executed notebook is stored for each asset
_PLAIN = (str, bytes, int, float, complex, bool, list, tuple, dict, set, frozenset)


def shown_outputs(end: marimo_run.CellEnd) -> list[Output]:
    """The outputs of a cell that just ended. To be called at once: later cells may change the values.

    Open matplotlib figures are shown and closed, as Jupyter does it.
    """
    outputs = [_display(value) for value in end.shown]
    figures = [figure for figure in open_figures() if figure is not _figure_of(end.value)]
    outputs += [_display(figure) for figure in figures]
    if end.value is not None:
        outputs.append(_display(end.value))
    close_figures()
    if end.error is not None:
        outputs.append(error_output(end.error))
    return outputs


def console_outputs(pieces: Iterable[tuple[StreamName, str]]) -> list[Output]:
    """Stream outputs of what a cell printed."""
    return [{"output_type": "stream", "name": stream, "text": text} for stream, text in pieces]


def text_output(text: str) -> Output:
    """A plain text."""
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}


def error_output(error: BaseException) -> Output:
    """An exception with its traceback."""
    return {
        "output_type": "error",
        "ename": type(error).__name__,
        "evalue": said(error),
        "traceback": traceback_text(error).splitlines(),
    }


def said(error: BaseException) -> str:
    """The error's text; of one that can't tell it, that."""
    try:
        return str(error)
    except Exception as second:
        return f"<its text can't be made: {type(second).__name__}>"


def traceback_text(error: BaseException) -> str:
    """The traceback as Python prints it; it begins in the notebook's file."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()


def _display(value: Any) -> Output:
    try:
        data, metadata = _bundle(value)
    except BaseException as error:
        return error_output(error)
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def _bundle(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data by mimetype, and their metadata."""
    if type(value) in _PLAIN:
        return {"text/plain": _repr(value)}, {}
    formatted = marimo_run.format_value(value)
    if formatted is None:
        return {"text/plain": _repr(value)}, {}
    mime, data = formatted
    if mime == "application/vnd.marimo+mimebundle":
        bundle = json.loads(data) if isinstance(data, str) else dict(data)
        metadata = bundle.pop("__metadata__", {})
        return {m: _data(m, d) for m, d in bundle.items()} | {"text/plain": _repr(value)}, metadata
    if type(value).__module__.startswith("marimo."):
        # marimo renders markdown to HTML, and its objects' repr is that HTML again.
        return {("text/html" if mime == "text/markdown" else mime): _data(mime, data)}, {}
    return {mime: _data(mime, data), "text/plain": _repr(value)}, {}


def _data(mime: str, data: Any) -> Any:
    """Data as nbformat wants them: images as bare base64, SVG as text, JSON as values."""
    if isinstance(data, str) and data.startswith("data:"):
        head, _, body = data.partition(",")
        if mime == "image/svg+xml":
            return base64.b64decode(body).decode() if head.endswith(";base64") else unquote(body)
        return body
    if isinstance(data, bytes):
        return base64.b64encode(data).decode()
    if mime == "text/html" and isinstance(data, str) and len(data) > _HTML_LIMIT:
        return f"<p><em>{len(data):,} characters of HTML are not kept; the limit is {_HTML_LIMIT:,}</em></p>"
    if isinstance(data, str) and (mime == "application/json" or mime.endswith("+json")):
        return json.loads(data)
    return data


def _repr(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _TEXT_LIMIT else f"{text[:_TEXT_LIMIT]}... ({len(text)} characters)"


def _figure_of(value: Any) -> Any:
    """The figure that is shown when ``value`` is: itself, or the one an axis or another artist belongs to."""
    return getattr(value, "figure", None) if type(value).__module__.startswith(("matplotlib.", "pandas.")) else None
