import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    import marimo as mo
    return (mo,)


@app.cell
def _(engine, mo, orders):
    big = mo.sql(
        f"""
        SELECT *  -- all of it
        FROM {orders}


        WHERE name = 'a' AND total > 3
        """,
        output=False,
        engine=engine,
    )
    return (big,)


@app.cell
def _(mo):
    _df = mo.sql(f"""SELECT 1;
    SELECT 2""")
    return


if __name__ == "__main__":
    app.run()
