import marimo

__generated_with = "0.23.0"
app = marimo.App(
    width="full",
    app_title='Orders "today"',  # shown in the tab
    layout_file="layouts/orders.grid.json",
    sql_output="polars",
)


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


@app.cell
def _(orders):
    total = sum(orders)
    return (total,)


if __name__ == "__main__":
    app.run()
