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


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


if __name__ == "__main__":
    app.run()
