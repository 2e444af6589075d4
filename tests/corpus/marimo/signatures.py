import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def typed(
    orders: list,
    rate=None,
) -> None:
    total = orders
    return


@app.cell
def wrong(nothing, of, this):
    orders = []
    return nothing


if __name__ == "__main__":
    app.run()
