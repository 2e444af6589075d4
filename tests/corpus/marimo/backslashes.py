import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    total = 1 + \
        2
    path = "a\
b"; x = 1;
    return (total,)


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


if __name__ == "__main__":
    app.run()
