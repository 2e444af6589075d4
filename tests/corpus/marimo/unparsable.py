import marimo

__generated_with = "0.23.0"
app = marimo.App()


app._unparsable_cell(
    r"""
    orders = = [3]
    \"\"\"why\"\"\"
    """,
    name="broken", column=1, hide_code=True
)


app._unparsable_cell("1 +", name="_")


app._unparsable_cell(
    r"""
    return 1
    """,
    name="_"
)


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


if __name__ == "__main__":
    app.run()
