# /// script
# dependencies = ["marimo"]
# [tool.daglab.assets.values]
# key = "widgets"
# ///

import marimo

__generated_with = "0.25.2"
app = marimo.App()

@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _(mo):
    slider = mo.ui.slider(1, 9, value=4)
    choice = mo.ui.dropdown({"one": 1, "two": 2}, value="two")
    several = mo.ui.array([mo.ui.text("a"), mo.ui.number(0, 5, value=3)])
    named = mo.ui.dictionary({"on": mo.ui.checkbox(True)})
    form = mo.ui.text("unsent").form()
    button = mo.ui.run_button()
    get, put = mo.state(1)
    return button, choice, form, get, named, put, several, slider


@app.cell
def _(button, choice, form, get, named, several, slider):
    values = [slider.value, choice.value, several.value, named.value, form.value, button.value, get()]
    return


@app.cell
def _(mo):
    values_of_arguments = mo.cli_args().to_dict()
    values_of_query = mo.query_params().to_dict()
    return


if __name__ == "__main__":
    app.run()
