import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    import marimo as mo
    return (mo,)


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # Orders
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    A share of $\frac{1}{3}$.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(f"""
    No variable here, f all the same.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(rf"""
    Both, and $\alpha$.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md('One line.')
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("A \"quoted\" line.")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(u"Old.")
    return


if __name__ == "__main__":
    app.run()
