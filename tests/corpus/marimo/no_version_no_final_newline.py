import marimo as m

app = m.App()

@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)

@app.cell
def _(orders):
    total = sum(orders)
    return (total,)