# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo"]
#
# [tool.daglab]
# group = "sales"
#
# [tool.daglab.assets.orders]
# key = "sales/orders"
# ///
import marimo

app = marimo.App()


@app.cell
def _():
    orders = 40 + 2
    return (orders,)


@app.cell
def _(orders):
    print(f"there are {orders} orders")
    return


if __name__ == "__main__":
    app.run()
