import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    import marimo as mo
    return (mo,)


@app.cell(hide_code=True)
def _(mo):
    # shown above the table
    mo.md("# Orders")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("# Totals")  # shown below
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(
        # why
        "# Why"
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("# Shown");
    return


if __name__ == "__main__":
    app.run()
