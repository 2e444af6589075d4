import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


RATE = 5


def helper():
    return RATE


@app.cell
def _(orders):
    total = sum(orders)
    return (total,)


if __name__ == "__main__":
    app.run()
