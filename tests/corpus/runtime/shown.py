# /// script
# dependencies = ["marimo"]
# [tool.daglab.assets.values]
# key = "shown"
# ///

import marimo

__generated_with = "0.25.2"
app = marimo.App()

@app.cell
def _():
    import sys
    import warnings

    import marimo as mo

    return mo, sys, warnings


@app.cell
def _(mo):
    cell_1 = 1
    mo.md("# A *title*")
    return (cell_1,)


@app.cell
def _(mo):
    cell_2 = 2
    mo.output.append("first")
    mo.output.append("second")
    mo.output.replace_at_index("1st", 0)
    return (cell_2,)


@app.cell
def _(mo):
    cell_3 = 3
    mo.output.append("gone")
    mo.output.replace("kept")
    return (cell_3,)


@app.cell
def _(mo):
    cell_4 = 4
    mo.output.append("gone")
    mo.output.clear()
    return (cell_4,)


@app.cell
def _(mo):
    cell_5 = 5
    mo.output.append("appended")
    "last"
    return (cell_5,)


@app.cell
def _(sys):
    cell_6 = 6
    print("to stdout")
    print("to stderr", file=sys.stderr)
    return (cell_6,)


@app.cell
def _(warnings):
    cell_7 = 7
    warnings.warn("be careful", UserWarning)
    return (cell_7,)


@app.cell
def _(mo):
    cell_8 = 8
    mo.Html("<b>html</b>")
    return (cell_8,)


@app.cell
def _():
    cell_9 = 9
    {"a": [1, "b"]}
    return (cell_9,)


@app.cell
def _(cell_1, cell_2, cell_3, cell_4, cell_5, cell_6, cell_7, cell_8, cell_9):
    values = [cell_1, cell_2, cell_3, cell_4, cell_5, cell_6, cell_7, cell_8, cell_9]
    values
    return


if __name__ == "__main__":
    app.run()
