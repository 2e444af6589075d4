import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    # %% [markdown]
    # a text
    # %%
    text = """
    %%time
    !ls
    """
    return (text,)


@app.cell
def _():
    # daglab: raw
    # not from Jupyter
    return


@app.cell
def _():
    # daglab: %matplotlib inline
    return


@app.cell
def _():
    # daglab: tags ["parameters"]
    rate = 1
    return (rate,)


@app.cell
def _():
    # daglab: code
    # daglab: code json
    # "x"
    return


if __name__ == "__main__":
    app.run()
