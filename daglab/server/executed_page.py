"""An executed notebook as an HTML page without anything that runs, or that asks another server for something."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from daglab.errors import StorageError

# nbconvert would choose scripts before all else, and show nothing then, since it leaves them out.
_SHOWN = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]
_TAGS = frozenset(
    ["a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em",
     "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "small", "span", "strong",
     "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"]
)  # fmt: skip
_ATTRIBUTES = frozenset(("align", "alt", "class", "colspan", "height", "rowspan", "title", "width"))
_PROTOCOLS = ("http", "https", "mailto", "data")
_INVISIBLE = {
    name: (re.compile(rf"(?i)<{name}\b"), re.compile(rf"(?i)</{name}\s{{0,100}}>")) for name in ("style", "script")
}
# The page has its policy with it, for who shows it without the header of the answer.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_SECONDS = 30.0
"""What makes the page can need a time that is quadratic in the nesting of tags."""


def made_apart(content: bytes, title: str, seconds: float = _SECONDS) -> str:
    """As :func:`as_html`, made by a process of its own, so that the server answers meanwhile.

    Raises:
        StorageError: it is no notebook, or its page takes longer than ``seconds``.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps(title).encode() + b"\n" + content,
            capture_output=True,
            timeout=seconds,
            cwd=sys.prefix,  # not a folder whose files could be imported
        )
    except subprocess.TimeoutExpired:
        raise StorageError(
            f"the page of the executed notebook {title} takes longer than {seconds:g} s", remedy="open its .ipynb"
        ) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise StorageError(said[-1] if said else f"the page of the executed notebook {title} cannot be made")
    return done.stdout.decode("utf-8")


def as_html(content: bytes, title: str) -> str:
    """The page of an .ipynb: its texts and outputs, of which HTML is sanitised and scripts are left out.

    Raises:
        StorageError: it is no notebook.
    """
    import nbformat
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    try:
        notebook = nbformat.reads(content.decode("utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    except Exception as error:  # nbformat raises many kinds
        raise StorageError(f"the executed notebook {title} cannot be read: {error}") from error
    settings = Config({"NbConvertBase": {"display_data_priority": _SHOWN}})
    exporter = HTMLExporter(config=settings, sanitize_html=True)  # type: ignore[no-untyped-call]
    # nbconvert's own shows the tags of paragraphs and headings.
    exporter.register_filter("clean_html", _clean)  # type: ignore[no-untyped-call]
    page: str = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})[0]
    return page.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{_POLICY}">', 1)


def _clean(html: object) -> str:
    import bleach

    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    # What these hold is no text; without their tags it would be shown as one.
    kept: str = bleach.clean(_visible(text), tags=_TAGS, attributes=_is_kept, protocols=_PROTOCOLS)
    return kept


def _visible(text: str) -> str:
    """Without styles and scripts, each from its tag to its end; an unclosed one stays, for bleach. In linear time."""
    for opening, closing in _INVISIBLE.values():
        parts, position = [], 0
        while (begin := opening.search(text, position)) and (end := closing.search(text, begin.end())):
            parts.append(text[position : begin.start()])
            position = end.end()
        text = "".join([*parts, text[position:]])
    return text


def _is_kept(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return not value.lower().lstrip().startswith("data:")
    if tag == "img" and name == "src":
        return value.startswith("data:image/")
    return name in _ATTRIBUTES


def main() -> int:
    """Write the page of the notebook that comes after a line with its title; what is wrong goes to stderr."""
    title = json.loads(sys.stdin.buffer.readline())
    try:
        page = as_html(sys.stdin.buffer.read(), title)
    except StorageError as error:
        sys.stderr.write(" ".join(error.message.split()))
        return 1
    sys.stdout.buffer.write(page.encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
