import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
async def _():
    import asyncio

    async def wait():
        await asyncio.sleep(0)
        return 1

    one = await wait()
    return (one,)


@app.cell
async def later(one):
    async for _i in one: pass
    return None


if __name__ == "__main__":
    app.run()
