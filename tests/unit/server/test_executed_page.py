"""Pages of executed notebooks: nothing on them runs, whatever the notebook brings along."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest

from daglab.errors import StorageError
from daglab.server.executed_page import _visible, as_html, made_apart

SCRIPT = "<script>alert(1)</script>"
VOID = {"a", "b", "br", "code", "div", "em", "h1", "img", "li", "main", "p", "pre", "span", "strong", "table", "tbody",
        "td", "th", "thead", "tr", "ul", "body"}  # fmt: skip


class Body(HTMLParser):
    """The tags and attributes in the body of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page[page.index("<body") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(*outputs: Any, markdown: str = "", source: str = "1") -> Body:
    cells = [nbformat.v4.new_markdown_cell(markdown), nbformat.v4.new_code_cell(source, outputs=list(outputs))]
    page = as_html(nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode(), f"evil/{SCRIPT}")
    assert SCRIPT not in page
    return Body(page)


def display(**data: str) -> Any:
    return nbformat.v4.new_output("display_data", data={key.replace("_", "/"): text for key, text in data.items()})


EVIL = [
    f'<b onclick="alert(2)">bold</b>{SCRIPT}',
    '<iframe src="//evil.example"></iframe><object data="x"></object><embed src="x"><form action="x"><input></form>',
    '<img src="x" onerror="alert(4)"><img src="https://evil.example/pixel"><img src="data:text/html,x">',
    '<a href="javascript:alert(5)">x</a><a href=" java\nscript:alert(5)">x</a><a href="data:text/html,x">x</a>',
    '<svg><script>alert(1)</script></svg><math><mi xlink:href="javascript:alert(5)">x</mi></math>',
    '<style>@import "//evil.example"</style><link rel="stylesheet" href="//evil.example"><meta http-equiv="refresh">',
    '<button data-commandlinker-command="x">y</button><base href="//evil.example">',
    '<scr<script>x</script>ipt>alert(1)</script>',
    '<img """><script>alert(1)</script>">', '<p style="x:expression(1)">',
]  # fmt: skip


@pytest.mark.parametrize("html", EVIL)
@pytest.mark.parametrize("place", ["html", "markdown output", "markdown", "source"])
def test_nothing_runs(html: str, place: str) -> None:
    if place == "markdown":
        body = shown(markdown=html)
    elif place == "source":
        body = shown(source=html)
    else:
        body = shown(display(**{"text_html" if place == "html" else "text_markdown": html}))
    assert body.tags <= VOID, body.tags - VOID
    for tag, name, value in body.attributes:
        assert not name.startswith(("on", "data-command")) and name not in ("style", "action", "srcset"), (tag, name)
        assert name not in ("src", "href") or value.startswith(("data:image/", "#", "http")), (tag, name, value)
        assert tag != "img" or name != "src" or value.startswith("data:image/")


def test_the_page_has_its_policy_with_it() -> None:
    page = as_html(nbformat.writes(nbformat.v4.new_notebook()).encode(), "a")
    head = page[: page.index("</head>")]
    policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    assert head.index(policy) < head.index("<script")


def test_scripts_give_way_to_what_can_be_shown() -> None:
    script, plain, html = {"application_javascript": "alert(3)"}, {"text_plain": "plain"}, {"text_html": "<i>it</i>"}
    body = shown(display(**script, **plain), display(**script, **html, **plain), display(text_latex="x"))
    assert "plain" in body.text and "it" in body.text and "alert" not in body.text


def test_what_people_write_is_shown_as_they_meant_it() -> None:
    table = "<table><thead><tr><th colspan='2'>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    style = "<style scoped>.dataframe { color: red }</style>"
    picture = '<img src="data:image/png;base64,AAAA">'
    body = shown(
        display(text_html=style + table + picture), markdown="# Title\n\nA *text* with [a link](https://x.example)."
    )
    assert {"h1", "p", "em", "table", "thead", "th", "td", "img", "a"} <= body.tags
    assert "dataframe" not in body.text
    assert ("img", "src", "data:image/png;base64,AAAA") in body.attributes
    assert ("a", "href", "https://x.example") in body.attributes


@pytest.mark.parametrize(
    "piece", ["<style ", "<style>", "<script></style ", "</script ", "<style></style>", "<Style >x"]
)
def test_large_and_unclosed_input_is_searched_in_linear_time(piece: str) -> None:
    began = time.monotonic()
    _visible(piece * 100_000)
    assert time.monotonic() - began < 5


def test_styles_and_scripts_are_left_out() -> None:
    text = "a<STYLE x>b</style >c<script>d</style></script\n>e<style>f"
    assert _visible(text) == "ace<style>f"


def test_a_page_is_made_by_a_process_of_its_own() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Tïtle")])
    content = nbformat.writes(notebook).encode()
    assert made_apart(content, "ä") == as_html(content, "ä")
    with pytest.raises(StorageError, match="cannot be read"):
        made_apart(b"{", "sales/orders")


def test_a_page_that_takes_too_long_is_given_up() -> None:
    deep = display(text_html="<b>" * 100_000)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[deep])])
    with pytest.raises(StorageError, match="longer than 3 s"):
        made_apart(nbformat.writes(notebook).encode(), "sales/orders", seconds=3)
