# /// script
# dependencies = ["marimo"]
# [tool.daglab.assets.values]
# key = "tables"
# ///

import marimo

__generated_with = "0.25.2"
app = marimo.App()

@app.cell
def _():
    import duckdb
    import marimo as mo
    import pandas as pd

    return duckdb, mo, pd


@app.cell
def _(pd):
    orders = pd.DataFrame({"n": [1, 2, 3], "name": ["a", "b", "c"]})
    return (orders,)


@app.cell
def _(mo, orders):
    big = mo.sql(
        f"""
        SELECT n, name FROM orders WHERE n > 1 ORDER BY n
        """,
        output=False,
    )
    return (big,)


@app.cell
def _(duckdb):
    duckdb.sql("CREATE TABLE t AS SELECT 7 AS seven")
    made = True
    return (made,)


@app.cell
def _(big, duckdb, made, mo):
    values = [made, len(big), duckdb.sql("SELECT seven FROM t").fetchall(), mo.sql("SELECT seven FROM t").shape]
    return


if __name__ == "__main__":
    app.run()
