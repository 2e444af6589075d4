import marimo

__generated_with = "0.23.0"
app = marimo.App()

with app.setup:
    import functools
    from dataclasses import dataclass


@app.function
def area(r):
    return 3 * r  # roughly
    # to be refined


@app.function(hide_code=True)
@functools.cache
def twice(x: int = 1, *rest, **more) -> "int":
    """Docs
  that are indented less.
    """
    return 2 * x


@app.class_definition
@dataclass
class Order:
    total: int = 0

    # end of Order


@app.class_definition(hide_code=True)
class Empty: ...


@app.cell
def _():
    area(2), twice(2), Order(), Empty()
    return


if __name__ == "__main__":
    app.run()
