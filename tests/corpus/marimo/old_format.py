import marimo

__generated_with = "0.1.0"
app = marimo.App()


@app.cell
def __():
    orders = [3, 5, 8]
    return orders,


@app.cell
def __(orders):
    import math; import os
    total = sum(orders)
    return math, os, total


@app.cell
def __(total):
    total
    return


@app.cell
def __():
    class Order:
        pass
    return Order,


@app.cell
def __(Order):
    order = Order()
    return order,


if __name__ == "__main__":
    app.run()
