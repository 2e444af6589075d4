import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    def early(x):
        if x:
            return 1
        return 2
    return (early,)


@app.cell
def _(early): return


@app.cell
def _(early): x = early(1); y = 2


@app.cell
def _(): pass


@app.cell
def _():
    pass
    return


@app.cell
def _():
    ...


@app.cell
def _():
    """Only a docstring."""
    return


@app.cell
def _():
    z = 1; return (z,)


@app.cell
def _(early):
    q = early(0)
    return (
        q,  # why
    )


if __name__ == "__main__":
    app.run()
