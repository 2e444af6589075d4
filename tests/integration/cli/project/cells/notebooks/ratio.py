# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo"]
#
# [tool.daglab.assets.ratio]
# ///
import marimo

app = marimo.App()


@app.cell
def numbers():
    whole, parts = 3, 0
    return parts, whole


@app.cell
def divide(parts, whole):
    ratio = whole / parts
    return (ratio,)


if __name__ == "__main__":
    app.run()
