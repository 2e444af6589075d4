# /// script
# dependencies = ["marimo"]
# [tool.daglab]
# params = ["limit", "mode"]
# [tool.daglab.assets.values]
# key = "arguments"
# ///

import marimo

__generated_with = "0.25.2"
app = marimo.App()

@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _():
    limit: int = 5
    mode: str = "a"
    return limit, mode


@app.cell
def _(mo):
    values = sorted(mo.cli_args().to_dict().items())
    str(values)
    return (values,)


if __name__ == "__main__":
    app.run()
