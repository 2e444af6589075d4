"""An executed notebook as an HTML page without anything that runs, or that asks another server for something."""

from __future__ import annotations

import re

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
_INVISIBLE = re.compile(r"(?is)<(style|script)\b.*?</\1\s*>")


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
    return page


def _clean(html: object) -> str:
    import bleach

    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    # What these hold is no text; without their tags it would be shown as one.
    kept: str = bleach.clean(_INVISIBLE.sub("", text), tags=_TAGS, attributes=_is_kept, protocols=_PROTOCOLS)
    return kept


def _is_kept(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return not value.lower().lstrip().startswith("data:")
    if tag == "img" and name == "src":
        return value.startswith("data:image/")
    return name in _ATTRIBUTES
