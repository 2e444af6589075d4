#!/usr/bin/env python
# Copyright
import marimo

__generated_with = "0.23.0"
app = marimo.App()


# before the first
@app.cell  # on the decorator
# between decorator and def
def _():  # on the def
    # first

    orders = [3]  # trailing   

    # last

    return (orders,)  # on the return
    # after the return
# at the margin


@app.cell
def _(orders):
    total = sum(orders)
    return (total,)
# before the foot


if __name__ == "__main__":
    app.run()
# after all
print("not marimo's")
