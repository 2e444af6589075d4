import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell(column=0, hide_code=True)
def load():
    orders = [3, 5, 8]
    return (orders,)


@app.cell(disabled=True)
def total(orders):
    total_ = sum(orders)
    return (total_,)


@app.cell()
def total(total_):
    total_
    return


@app.cell(
    column=1,
    hide_code=False,
)
def _():
    return


if __name__ == "__main__":
    app.run()
