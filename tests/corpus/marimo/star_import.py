import marimo

__generated_with = "0.23.0"
app = marimo.App()


app._unparsable_cell(
    r"""
    from math import *
    """,
    name="_"
)


@app.cell
def _():
    from math import *
    return


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


if __name__ == "__main__":
    app.run()
