# /// script
# dependencies = ["marimo"]
# [tool.daglab.assets.values]
# key = "progress"
# ///

import marimo

__generated_with = "0.25.2"
app = marimo.App()

@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _(mo):
    counted = 0
    for _number in mo.status.progress_bar(range(3), title="counting"):
        counted += _number
    return (counted,)


@app.cell
def _(mo):
    cell_1 = 1
    with mo.status.spinner(title="waiting") as _spinner:
        _spinner.update("nearly")
    "after the spinner"
    return (cell_1,)


@app.cell
def _(mo):
    calls = []

    @mo.cache
    def squared(number):
        calls.append(number)
        return number**2

    squares = [squared(3), squared(3)]
    return calls, squares


@app.cell
def _(mo):
    with mo.persistent_cache("kept"):
        expensive = 5
    return (expensive,)


@app.cell
def _(calls, cell_1, counted, expensive, squares):
    values = [cell_1, counted, squares, calls, expensive]
    return


if __name__ == "__main__":
    app.run()
