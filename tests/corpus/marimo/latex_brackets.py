import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    import marimo as mo
    return (mo,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Inline \(a + b\), displayed \[c = d\], and \\[4pt] in a table.
    """)
    return


if __name__ == "__main__":
    app.run()
