import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    größe = "é 🎉 \N{SNOWMAN} \x41         "
    return (größe,)


@app.cell
def _(größe):
    #   blanks of other kinds 　
    größe
    return


if __name__ == "__main__":
    app.run()
