# /// script
# dependencies = ["marimo"]
# [tool.daglab.assets.values]
# key = "definitions"
# ///

import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import asyncio
    from pathlib import Path

    import beside
    import marimo as mo

    BASE = 10


@app.function
def scaled(number):
    return number * BASE


@app.class_definition
class Counter:
    def __init__(self, start):
        self.count = scaled(start)


@app.cell
async def _():
    async def _double(number):
        await asyncio.sleep(0)
        return 2 * number

    doubled = await asyncio.gather(*[_double(number) for number in range(3)])
    return (doubled,)


@app.cell
def _():
    if __name__ == "__main__":
        guarded = "ran"
    place = [Path(__file__).name, mo.notebook_dir().name, Path(str(mo.notebook_location())).name]
    running = mo.running_in_notebook()
    return guarded, place, running


@app.cell(disabled=True)
def _():
    never = 1 / 0
    return


@app.cell
def _(doubled, guarded, place, running):
    values = {
        "counter": Counter(2).count,
        "doubled": doubled,
        "guarded": guarded,
        "module": beside.Point(1, 2).y,
        "place": place,
        "running": running,
    }
    return


if __name__ == "__main__":
    app.run()
