"""What a cell shows, as outputs of a Jupyter notebook."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from dagster._core.errors import DagsterExecutionInterruptedError

from daglab import marimo_run
from daglab.runtime.console import StreamName
from daglab.runtime.isolation import close_figures, open_figures
from daglab.runtime.text import cut, said, traceback_text
from daglab.runtime.widgets import plain_html

Output = dict[str, Any]
DATA_LIMIT = 4_000_000  # characters of one representation: the executed notebook is stored for each asset
NOTEBOOK_LIMIT = 40_000_000  # characters of all outputs
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


def output_size(output: Output) -> int:
    """Characters of it in the notebook, roughly."""
    return sum(map(_size, output.values()))


def _display(value: Any) -> Output:
    try:
        data, metadata = _bundle(value)
        return {"output_type": "display_data", "data": _valid(data), "metadata": _as_json(metadata)}
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):
        raise
    except BaseException as error:
        return error_output(error)


def _bundle(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data by mimetype, and their metadata."""
    if type(value) in _PLAIN:
        return {"text/plain": _repr(value)}, {}
    if (inside := marimo_run.inside_widget(value)) is not value:
        return _bundle(inside)
    if (chart := _chart(value)) is not None:
        return chart | {"text/plain": _repr(value)}, {}
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


def _chart(value: Any) -> dict[str, Any] | None:
    """A chart of plotly or Altair: its data for JupyterLab, and a page that draws it, which Dagster shows.

    The page loads the library's JavaScript from its public address: in each notebook it would be megabytes.
    """
    library = type(value).__module__.partition(".")[0]
    if library == "plotly" and hasattr(value, "to_plotly_json"):
        page = value.to_html(full_html=False, include_plotlyjs="cdn", default_height=450)
        return {"application/vnd.plotly.v1+json": json.loads(value.to_json()), "text/html": page}
    if library == "altair" and hasattr(value, "to_html"):
        formatted = marimo_run.format_value(value)
        page = value.to_html(fullhtml=False, output_div=f"altair-{uuid.uuid4().hex}")
        return ({formatted[0]: _data(*formatted)} if formatted else {}) | {"text/html": page}
    return None


def _valid(data: dict[str, Any]) -> dict[str, Any]:
    """Without the representations that a notebook can't hold or that are too long; a note tells of them."""
    kept: dict[str, Any] = {}
    notes = []
    for mime, value in data.items():
        try:
            valid = _as_json(value) if _is_json(mime) else _as_text(value)
        except (TypeError, ValueError, RecursionError) as error:
            notes.append(f"{mime} is not kept: {said(error)}")
            continue
        if (size := _size(valid)) > DATA_LIMIT:
            notes.append(f"{size:,} characters of {mime} are not kept; the limit is {DATA_LIMIT:,}")
        else:
            kept[mime] = valid
    return kept | {"text/plain": "\n".join([*notes, *filter(None, [kept.get("text/plain")])])} if notes else kept


def _is_json(mime: str) -> bool:
    return mime == "application/json" or mime.endswith("+json")


def _as_json(value: Any) -> Any:
    """The value as JSON gives it back; what is no number (NaN) is null there.

    Raises:
        TypeError, ValueError: JSON has nothing for it.
    """
    return json.loads(json.dumps(value), parse_constant=lambda _: None)


def _as_text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    if not isinstance(value, str):
        raise TypeError(f"it is of type {type(value).__qualname__}, no text")
    return value


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(json.dumps(value, default=str))


def _data(mime: str, data: Any) -> Any:
    """Data as nbformat wants them: images as bare base64, SVG as text, JSON as values, HTML without widgets."""
    if isinstance(data, str) and data.startswith("data:"):
        head, _, body = data.partition(",")
        if mime == "image/svg+xml":
            return base64.b64decode(body).decode() if head.endswith(";base64") else unquote(body)
        return body
    if isinstance(data, bytes):
        return base64.b64encode(data).decode()
    if mime in ("text/html", "text/markdown") and isinstance(data, str):
        return plain_html(data)
    if isinstance(data, str) and _is_json(mime):
        return json.loads(data)
    return data


def _repr(value: Any) -> str:
    return cut(repr(value))


def _figure_of(value: Any) -> Any:
    """The figure that is shown when ``value`` is: itself, or the one an axis or another artist belongs to."""
    return getattr(value, "figure", None) if type(value).__module__.startswith(("matplotlib.", "pandas.")) else None
