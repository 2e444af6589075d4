# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo"]
#
# [tool.daglab]
# params = ["limit", "mode"]
#
# [tool.daglab.inputs]
# raw = "raw/orders"
#
# [tool.daglab.assets]
# of_setup = {}
# of_input = {}
# of_params = {}
# of_partition = {}
# of_function = {}
# of_class = {}
# of_async = {}
# of_sql = {}
# of_markdown = {}
# of_private = {}
# of_strings = {}
# of_characters = {}
# of_syntax = {}
# of_options = {}
# of_disabled = {}
# of_blanks = {}
# of_comments = {}
# one_of_two = {}
# two_of_two = {}
# of_both = {}
#
# [tool.daglab.checks]
# positive = { asset = "of_input" }
#
# [tool.daglab.partitions]
# static = ["a", "b"]
# ///
import marimo

__generated_with = "0.23.0"
app = marimo.App(width="medium")

with app.setup:
    import dataclasses
    import re as regex
    from collections import Counter

    import daglab
    import marimo as mo

    FACTOR = 3


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # Every kind of cell

    Its text belongs to no asset.
    """)
    return


@app.cell
def _():
    limit: int = 10
    mode = "a"
    return limit, mode


@app.cell
def _():
    raw = daglab.load_asset("raw/orders")
    return (raw,)


@app.cell
def _():
    partition_key = daglab.partition_key("a")
    return (partition_key,)


@app.cell
def _():
    of_setup = FACTOR * 2
    return (of_setup,)


@app.cell
def _(raw):
    of_input = [row for row in raw if row]
    return (of_input,)


@app.cell
def _(of_input):
    positive = all(row > 0 for row in of_input)
    return (positive,)


@app.cell
def _(limit, mode):
    of_params = (limit, mode)
    return (of_params,)


@app.cell
def _(partition_key):
    of_partition = partition_key.upper()
    return (of_partition,)


@app.function
def doubled(value: int, /, *more: int, by: int = 2) -> list[int]:
    """Twice the value."""
    return [each * by for each in (value, *more)]


@app.class_definition
@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: "int" = 0

    @property
    def norm(self) -> float:
        return (self.x**2 + self.y**2) ** 0.5


@app.cell
def _():
    of_function = doubled(1, 2, by=3)
    return (of_function,)


@app.cell
def _():
    of_class = Point(3, y=4).norm
    return (of_class,)


@app.cell
async def _():
    import asyncio

    await asyncio.sleep(0)
    of_async = [n async for n in _numbers()] if False else []
    return (of_async,)


@app.cell
def _(numbers):
    rows = mo.sql(
        f"""
        SELECT sum(n) AS "total"
        FROM numbers -- {FACTOR}
        """,
        output=False,
    )
    of_sql = rows
    return (of_sql,)


@app.cell
def _():
    numbers = None
    return (numbers,)


@app.cell
def _(title):
    shown = mo.md(f"# {title}")
    of_markdown = shown.text
    return (of_markdown,)


@app.cell
def _():
    title = "A title"
    return (title,)


@app.cell
def _():
    _hidden = 1
    for _n in range(3):
        _hidden += _n
    of_private = _hidden
    return (of_private,)


@app.cell
def _():
    _text = """
      indented
    not indented \
    continued
    """
    _raw = r"\d+" "\\d"
    _formatted = f"{_text!r:>{10}} {{}} {'nested'} {regex.escape('.')}"
    of_strings = (_text, _raw, _formatted, b"\x00", "\N{SNOWMAN}", '"', "'")
    return (of_strings,)


@app.cell
def _():
    größe = "日本 \u00e9 é 😀"
    of_characters = größe
    return (of_characters,)


@app.cell
def _(of_setup):
    match of_setup:
        case {"a": [first, *_], **_rest} if first:
            _found = first
        case int() | None:
            _found = 0
        case _:
            _found = (n := 5) + n
    try:
        with open("x") as _a, open("y") as _b:
            pass
    except (OSError, ValueError):
        _found = lambda *a, k=0x_ff, **kw: not a  # noqa: E731
    finally:
        _deep = {**{"k": 1_000.5e-3j}, "s": {*()}, "l": [[] for _ in ()]}
    of_syntax = (_found, _deep, 1 if _deep else ..., Counter() @ 1 if False else None)
    return (of_syntax,)


@app.cell(column=1, hide_code=True)
def named():
    of_options = "options and names don't count"
    return (of_options,)


@app.cell(disabled=True)
def _():
    of_disabled = 1
    return (of_disabled,)


@app.cell
def _():
    _lines = [   
        1,

	2,
    ]	

    of_blanks = _lines
    return (of_blanks,)


@app.cell
def _():
    # before
    of_comments = 1  # beside

    # behind
    return (of_comments,)


@app.cell
def _(raw):
    one_of_two, two_of_two = raw, Counter(raw)
    return one_of_two, two_of_two


@app.cell
def _(one_of_two, two_of_two, of_input):
    of_both = (one_of_two, two_of_two, of_input)
    return (of_both,)


if __name__ == "__main__":
    app.run()
