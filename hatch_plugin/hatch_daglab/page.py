"""A notebook as one HTML page that needs nothing else: its markdown, its code, the outputs that the build keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

# What a notebook's markdown and outputs bring along is shown, but neither run nor fetched.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
_ACTIVE = re.compile(r"</?(?:meta|base|link|form|script|iframe|object|embed)\b[^>]*>?", re.IGNORECASE)
_STYLE = (
    "body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 sans-serif}"
    "pre{overflow-x:auto;padding:.6rem;background:#f5f5f5}pre.output{background:none}"
    "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .5rem}img{max-width:100%}"
)
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def html_page(ipynb: str, title: str) -> str:
    """The page of an .ipynb's text; nothing is run for it, and the same text gives the same page."""
    cells = json.loads(ipynb)["cells"]
    body = "\n".join(part for cell in cells for part in _cell(cell))
    return (
        '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    source = _text(cell["source"])
    if cell["cell_type"] == "markdown":
        import marimo

        yield _passive(marimo.md(source).text)
    elif source.strip():
        yield f"<pre><code>{escape(source)}</code></pre>"
    for output in cell.get("outputs", ()):
        yield _output(output)


def _output(output: dict[str, Any]) -> str:
    """The richest form of an output that a page can show without scripts."""
    data = output.get("data", {})
    if "text/html" in data:
        return f"<div>{_passive(_text(data['text/html']))}</div>"
    for mime in _IMAGES:
        if mime in data:
            return f'<img src="data:{mime};base64,{escape("".join(_text(data[mime]).split()))}">'
    if "traceback" in output:
        text = f"{output.get('ename', '')}: {output.get('evalue', '')}"
    else:
        text = _text(output.get("text", data.get("text/plain", "")))
    return f'<pre class="output">{escape(text)}</pre>'


def _passive(html: str) -> str:
    """HTML without the tags that the policy doesn't cover, or that would show nothing under it."""
    while (shorter := _ACTIVE.sub("", html)) != html:  # what stood around a tag may be one when it is gone
        html = shorter
    return html


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
