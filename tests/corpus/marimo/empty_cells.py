import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    return


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


@app.cell
def spacer():
    return


@app.cell
def _(orders):
    total = sum(orders)
    return (total,)


@app.cell
def _():
    return


if __name__ == "__main__":
    app.run()
