# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo"]
#
# [tool.daglab]
# group = "sales"
# params = ["least"]
#
# [tool.daglab.inputs]
# raw_orders = "raw/orders"
#
# [tool.daglab.assets.orders]
# key = "sales/orders"
# [tool.daglab.assets.count]
# key = "sales/count"
# ///
import marimo

app = marimo.App()

with app.setup:
    import daglab


@app.cell
def params():
    least: int = 0
    return (least,)


@app.cell
def load():
    raw_orders = daglab.load_asset("raw/orders")
    return (raw_orders,)


@app.cell
def clean(least, raw_orders):
    print("cell 'load': failed in 1.000 s")
    orders = [order for order in raw_orders if order >= least]
    return (orders,)


@app.cell
def number(orders):
    count = len(orders)
    return (count,)


if __name__ == "__main__":
    app.run()
