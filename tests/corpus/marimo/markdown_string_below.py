import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    import marimo as mo
    return (mo,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(
        r"""
    The share is $\frac{1}{3}$, its root $\sqrt{\nu}$.

    \begin{align}x\end{align}
    """
    )
    return


if __name__ == "__main__":
    app.run()
