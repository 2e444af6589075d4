"""marimo's own elements as plain HTML: outside of marimo nothing draws ``<marimo-slider>`` and its kin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser
from typing import Any

_BARE = frozenset({"marimo-ui-element", "marimo-carousel", "marimo-form", "marimo-dict", "marimo-lazy"})


def plain_html(html: str) -> str:
    """``html`` with each of marimo's elements as what it shows at first; everything else stays as it is.

    A table is its first page of rows, a control its label and value, a container its contents under their labels.
    """
    if "<marimo-" not in html:
        return html
    plain = _Plain()
    plain.feed(html)
    plain.close()
    return "".join(plain.pieces)


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[str] = []
        self.depth = 0
        self.parts: list[tuple[int, list[str]]] = []  # open containers: depth of their contents, labels that are left

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not tag.startswith("marimo-"):
            if tag == "div" and self.parts and self.parts[-1][0] == self.depth and self.parts[-1][1]:
                self.pieces.append(f"<p><strong>{self.parts[-1][1].pop(0)}</strong></p>")
            self.pieces.append(self.get_starttag_text() or "")
        else:
            shown = {name.removeprefix("data-"): _value(text) for name, text in attrs if name.startswith("data-")}
            if tag in ("marimo-accordion", "marimo-tabs"):
                labels = shown.get("labels" if tag == "marimo-accordion" else "tabs")
                self.parts.append((self.depth + 1, list(map(_inline, labels)) if isinstance(labels, list) else []))
            elif tag not in _BARE:
                self.pieces.append(_element(tag, shown))
        if tag not in _VOID:
            self.depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.pieces.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1
        if not tag.startswith("marimo-"):
            self.pieces.append(f"</{tag}>")
        elif tag in ("marimo-accordion", "marimo-tabs") and self.parts:
            self.parts.pop()

    def handle_data(self, data: str) -> None:
        # marimo writes mathematics as ||(x||) or ||[x||]; notebooks read \(x\) and \[x\].
        self.pieces.append(re.sub(r"\|\|([()\[\]])", r"\\\1", data) if self.lasttag == "marimo-tex" else data)

    def handle_entityref(self, name: str) -> None:
        self.pieces.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.pieces.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.pieces.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.pieces.append(f"<!{decl}>")


_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


def _element(tag: str, shown: dict[str, Any]) -> str:
    if tag == "marimo-tex":
        return ""
    if tag == "marimo-callout-output":
        return f"<blockquote>{plain_html(str(shown.get('html', '')))}</blockquote>"
    if tag == "marimo-json-output":
        return _json(shown.get("json-data"))
    if tag == "marimo-progress":
        said = " ".join(_inline(shown[name]) for name in ("title", "subtitle") if name in shown)
        counted = f"{shown.get('progress')} of {shown['total']}" if "total" in shown else ""
        return f"<span>{': '.join(filter(None, (said, counted)))}</span>"
    label = _inline(shown.get("label") or "")
    if tag == "marimo-table" and (rows := _rows(shown.get("data"))) is not None:
        return (f"<p>{label}</p>" if label else "") + _table(rows, shown.get("total-rows"))
    value = shown.get("initial-value", shown.get("value"))
    name = label or tag.removeprefix("marimo-")
    return f"<span>{name}</span>" if value in (None, "", [], {}) else f"<span>{name}: {_text(value)}</span>"


def _json(data: Any) -> str:
    """A tree of values; those that are HTML of their own are shown as that."""
    if (
        isinstance(data, list)
        and data
        and all(isinstance(item, str) and item.startswith("text/html:") for item in data)
    ):
        return "".join(f"<div>{plain_html(item.removeprefix('text/html:'))}</div>" for item in data)
    return f"<pre>{escape(json.dumps(data, ensure_ascii=False, indent=1))}</pre>"


def _rows(data: Any) -> list[dict[str, Any]] | None:
    """The first page of a table; ``None`` where its data aren't in the HTML."""
    rows = _value(data) if isinstance(data, str) else data
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def _table(rows: list[dict[str, Any]], total: Any) -> str:
    columns = [name for name in (rows[0] if rows else ()) if not name.startswith("_marimo_")]
    head = _row("th", columns)
    body = "".join(_row("td", (row.get(name) for name in columns)) for row in rows)
    rest = f"<p>{len(rows)} of {total} rows</p>" if isinstance(total, int) and total > len(rows) else ""
    return f'<table border="1" class="dataframe"><thead>{head}</thead><tbody>{body}</tbody></table>{rest}'


def _row(tag: str, values: Iterable[Any]) -> str:
    return "<tr>" + "".join(f"<{tag}>{_text(value)}</{tag}>" for value in values) + "</tr>"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _inline(label: Any) -> str:
    """A label, which is HTML, as text: it stands in a line."""
    return re.sub(r"<[^>]*>", "", str(label)).strip()


def _value(text: str | None) -> Any:
    """An attribute's value, which marimo writes as JSON."""
    try:
        return json.loads(text or "null")
    except ValueError:
        return text
