import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    script = """
import sys
  two

	 tab
"""
    return (script,)


@app.cell
def _(print):
    if print:
        print("""
    four
""", '''
            twelve
        eight
''')
    return


if __name__ == "__main__":
    app.run()
