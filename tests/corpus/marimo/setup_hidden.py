import marimo

__generated_with = "0.23.0"
app = marimo.App()

with app.setup(hide_code=True):
    # Initialization
    import os
    
    import sys

    # last words


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


if __name__ == "__main__":
    app.run()
