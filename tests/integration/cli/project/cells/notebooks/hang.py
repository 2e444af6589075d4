# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo"]
#
# [tool.daglab.assets.hang]
# ///
import marimo

app = marimo.App()


@app.cell
def wait():
    import time

    time.sleep(120)
    hang = 1
    return (hang,)


if __name__ == "__main__":
    app.run()
