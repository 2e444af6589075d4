"""marimo's own elements in executed notebooks, which nothing outside of marimo draws."""

from __future__ import annotations

from typing import Any

import marimo as mo
import pandas as pd
import pytest

from daglab import marimo_run
from daglab.runtime.widgets import plain_html

FRAME = pd.DataFrame({"x": range(30), "<y>": "<b>"})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (mo.ui.slider(1, 5, value=3, label="**Least** amount"), ["<span>Least amount: 3</span>"]),
        (mo.ui.dropdown(["a", "b"], value="b"), ["<span>dropdown: b</span>"]),
        (mo.ui.text(value="<me>"), ["<span>text: &lt;me&gt;</span>"]),
        (mo.ui.checkbox(label="sure"), ["<span>sure: false</span>"]),
        (mo.ui.button(label="press"), ["press"]),
        (mo.ui.table(FRAME, label="all"), ["<p>all</p>", "&lt;y&gt;", "&lt;b&gt;", "<td>9</td>", "10 of 30 rows"]),
        (mo.ui.table([{"x": 1, "y": None}]), ["<th>y</th>", "<td>1</td><td>null</td>"]),
        (mo.accordion({"first": mo.md("*one*"), "second": FRAME}), ["first", "<em>one</em>", "second", "<td>9</td>"]),
        (mo.ui.tabs({"first": mo.md("one"), "second": "two"}), ["first", "one", "second", "two"]),
        (
            mo.accordion({"outer": mo.accordion({"inner": mo.md("deep")}), "last": "x"}),
            ["outer", "inner", "deep", "last"],
        ),
        (mo.hstack([mo.md("left"), mo.ui.slider(1, 2, label="right")]), ["left", "right: 1"]),
        (mo.md("$x^2$ &amp; more"), [r"\(x^2\)", "&amp; more"]),
        (mo.callout("mind", kind="warn"), ["<blockquote><span>mind</span></blockquote>"]),
        (mo.stat(3, label="orders"), ["<span>orders: 3</span>"]),
        (mo.tree({"a": [1]}), ["<pre>", "&quot;a&quot;"]),
        (mo.ui.array([mo.ui.text(label="who", value="<me>")]), ["who: &lt;me&gt;"]),
        (mo.md("{n} rows").batch(n=mo.ui.number(1, 9, value=7)), ["number: 7", "rows"]),
        (mo.ui.text(label="who", value="me").form(), ["who: me"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_element_is_what_it_shows_at_first(value: Any, shown: list[str]) -> None:
    formatted = marimo_run.format_value(value)
    assert formatted is not None
    html = plain_html(formatted[1])
    assert "<marimo-" not in html
    places = [html.find(text) for text in shown]
    assert -1 not in places, html
    assert places == sorted(places), html


@pytest.mark.parametrize(
    "html",
    [
        "<p>a</p>",
        '<!DOCTYPE html><!-- c --><P Class=x>a &lt; b &#233; <br/><img src="x"></P>',
        "<script>if (a < b && c) { document.write('<b>&amp;</b>') }</script><style>a > b {}</style>",
        "<marimo is no element",
    ],
)
@pytest.mark.parametrize("more", ["", "<marimo-carousel></marimo-carousel>"])
def test_other_html_stays_as_it_is(html: str, more: str) -> None:
    assert plain_html(more + html).lower() == html.lower()


def test_damaged_elements_lose_nothing_else() -> None:
    damaged = "<marimo-table data-data='{'></marimo-table></marimo-tabs></div><marimo-tabs data-tabs='1'>"
    assert plain_html(f"<p>before</p>{damaged}<p>after") == "<p>before</p><span>table</span></div><p>after"
