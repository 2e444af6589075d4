import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    import marimo as mo
    return (mo,)


@app.cell(hide_code=True)
def _(mo):
    mo.md("""   both ends are blank   """)
    return


@app.cell
def _():


    late = 1


    return


@app.cell
def _(mo):
    if mo:
        
        print(mo)
    text = """
      
    kept
        
    """
    return (text,)


if __name__ == "__main__":
    app.run()
