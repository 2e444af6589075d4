"""The laws of converting a cell, for every text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daglab import marimo_api
from daglab.notebook.cells import parse_notebook
from daglab.notebook.convert import CellType, JupyterSource, to_ipynb, to_py
from daglab.notebook.edit import NewCell, new_notebook

FRAGMENTS = [
    "x = 1",
    "%matplotlib inline",
    "%%bash",
    "%%time",
    "!ls",
    "    !ls",
    "if x:",
    "    y = %time x",
    "files = !ls",
    "x?",
    "!ls \\",
    "    !ls \\",
    "# daglab: !ls \\",
    "# daglab:",
    "cd ..",
    "/f a",
    'mo.md("""',
    'mo.md(r"""',
    'mo.md(f"""',
    '"""',
    '""")',
    "mo.md('a')",
    "mo.md(",
    '    text="a"',
    ")",
    "# Title",
    "- a  ",
    "# daglab: code",
    '# daglab: tags ["a"]',
    '# daglab: tags ["a", "b"]',
    "# daglab: tags []",
    "# daglab: tags [1]",
    "# daglab: raw",
    "# daglab: raw json",
    "# daglab: code json",
    '# daglab: then "\\n"',
    '# daglab: first "\\n"',
    "# daglab: !ls",
    "# daglab: %%bash",
    "    pass  # daglab: !ls",
    '# "a"',
    "# a",
    "#",
    "def f():",
    "    return 1",
    "return 2",
    "",
    "   ",
    "\t",
    "s = '''",
    "a\\",
    "é\u2028b",
    "\x0c",
    "\r",
    "\ud800",
    "app._unparsable_cell(",
    "await x",
    "async def f(): pass",
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=6).map("\n".join)
TAGS = st.lists(
    st.sampled_from(["parameters", "größe", "a\u00a0b\u2028", '"]', "\ud800", ""]) | st.text(max_size=4), max_size=2
)
TYPES: st.SearchStrategy[CellType] = st.sampled_from(["code", "markdown", "raw"])


@settings(deadline=None)
@given(TEXTS)
@example("%matplotlib inline")
@example('mo.md("""\nhello\n""")')
@example("x = 1\n")
def test_code_comes_back(code: str) -> None:
    assert to_py(to_ipynb(code)) == code


@settings(deadline=None)
@given(TYPES, TEXTS, TAGS)
@example("code", 'mo.md(r"""\nhello\n""")', [])
@example("code", "# daglab: code\n" * 5000 + "# daglab: raw\n# a", [])
@example("markdown", "hard break  \nnext\n", ["a"])
@example("markdown", "", ["a"])
@example("raw", "\n", ["a"])
@example("code", " x = 1", ["a"])
@example("code", "z\u00a0= 1", ["a"])
@example("code", "\ndef f():\n    pass\n", ["a"])
@example("code", "%%bash\nls", ["a"])
def test_a_jupyter_cell_comes_back(cell_type: CellType, source: str, tags: list[str]) -> None:
    cell = JupyterSource(cell_type, source, tags=tuple(tags))
    assert to_ipynb(to_py(cell)) == cell


@settings(deadline=None)
@given(st.lists(st.tuples(TYPES, TEXTS, TAGS), min_size=1, max_size=4))
@example([("code", "def f():\n    return 1  # why", [])])
@example([("code", "def f():\n    return 1  # why", ["a"]), ("code", "@d\nclass A:\n    pass", ["a"])])
@example([("markdown", "text", ["a"]), ("code", "", ["a"])])
def test_a_marimo_file_holds_every_jupyter_cell(cells: list[tuple[CellType, str, list[str]]]) -> None:
    codes = [to_py(JupyterSource(kind, source, tags=tuple(tags))) for kind, source, tags in cells]
    text = new_notebook([NewCell(code) for code in codes])
    text.encode()
    assert [cell.code for cell in parse_notebook(text).cells] == codes


@pytest.mark.parametrize(
    ("cell_type", "source", "code"),
    [
        ("code", "x = 1", "x = 1"),
        ("code", "%matplotlib inline\nx = 1", "# daglab: %matplotlib inline\nx = 1"),
        ("code", "for f in a:\n    !ls {f}", "for f in a:\n    pass  # daglab: !ls {f}"),
        ("code", "%%bash\necho a\n\necho b", "# daglab: %%bash\n# daglab: echo a\n# daglab:\n# daglab: echo b"),
        ("code", "%%time\nx = 1", "# daglab: %%time\nx = 1"),
        ("code", "!pip install \\\n  a \\\n\nx = 1", "# daglab: !pip install \\\n# daglab:   a \\\n# daglab:\nx = 1"),
        ("code", "if x:\n    !ls \\\n -l", "if x:\n    pass  # daglab: !ls \\\n# daglab:  -l"),
        ("code", "a.b, c['d'] = !ls", "# daglab: a.b, c['d'] = !ls"),
        ("code", "cd ..\npip install a", "# daglab: cd ..\n# daglab: pip install a"),
        ("code", "/print x\n,f a b", "# daglab: /print x\n# daglab: ,f a b"),
        ("code", "x = [1\n, 2]\n%pwd", "x = [1\n, 2]\n# daglab: %pwd"),
        ("code", '%pwd\ns = """\n%d\n!"""', '# daglab: %pwd\ns = """\n%d\n!"""'),
        ("code", 's = """\n%d\n"""', 's = """\n%d\n"""'),
        ("code", "\ndef f():\n    pass", '# daglab: first "\\n"\ndef f():\n    pass'),
        ("code", "if x:\n    \n    y = 1\n  \n", 'if x:\n    \n    y = 1\n  \n# daglab: then "\\n"'),
        ("code", "x = 1\n\n", 'x = 1\n# daglab: then "\\n\\n"'),
        ("code", "mo.md(r\"\"\"\nhi\n\"\"\")", "# daglab: code\nmo.md(r\"\"\"\nhi\n\"\"\")"),
        ("markdown", "# Title\n\ntext", 'mo.md(r"""\n# Title\n\ntext\n""")'),
        ("markdown", "break  \nnext", 'mo.md(\n    text="break  \\n"\n    "next"\n)'),
        ("raw", "a\n\n b", "# daglab: raw\n# a\n#\n#  b"),
    ],
)  # fmt: skip
def test_how_a_jupyter_cell_stands_in_a_marimo_file(cell_type: CellType, source: str, code: str) -> None:
    assert to_py(JupyterSource(cell_type, source)) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (JupyterSource("code", "x = 1", tags=("parameters",)), '# daglab: tags ["parameters"]\nx = 1'),
        (JupyterSource("code", "", tags=("a", "ü")), '# daglab: tags ["a", "ü"]'),
        (JupyterSource("code", "%pwd", tags=("a",)), '# daglab: tags ["a"]\n# daglab: %pwd'),
        (JupyterSource("markdown", "hi", tags=("a",)), '# daglab: tags ["a"]\nmo.md(r"""\nhi\n""")'),
        (JupyterSource("raw", "hi", tags=("a",)), '# daglab: tags ["a"]\n# daglab: raw\n# hi'),
    ],
)
def test_tags_stand_above_the_cell(cell: JupyterSource, code: str) -> None:
    assert to_py(cell) == code
    assert to_ipynb(code) == cell


def test_magics_do_not_stop_a_marimo_run() -> None:
    code = to_py(JupyterSource("code", "%load_ext autoreload\nx = 1\nif x:\n    %time x"))
    text = new_notebook([NewCell(code), NewCell("y = x")])
    parsed = marimo_api.parse(text)
    assert parsed is not None
    assert [cell.kind for cell in parsed.cells] == ["cell", "cell"]


def test_a_markdown_cell_with_another_prefix_is_markdown_and_remembers_it() -> None:
    code = 'mo.md("""\nhello\n""")'
    assert to_ipynb(code) == JupyterSource("markdown", "hello", "")
