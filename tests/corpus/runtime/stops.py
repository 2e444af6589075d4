# /// script
# dependencies = ["marimo"]
# [tool.daglab.assets.values]
# key = "stops"
# [tool.daglab.assets.after]
# [tool.daglab.assets.went_on]
# ///

import marimo

__generated_with = "0.25.2"
app = marimo.App()

@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _():
    values = ["made before the stop"]
    values
    return (values,)


@app.cell
def _(mo):
    print("up to here")
    mo.stop(True, "stopped here")
    beyond = 1
    return (beyond,)


@app.cell
def _(beyond):
    after = print("never", beyond)
    return


@app.cell
def _(mo):
    mo.stop(False, "not stopped")
    went_on = True
    "went on"
    return


if __name__ == "__main__":
    app.run()
