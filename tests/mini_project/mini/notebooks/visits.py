# /// script
# requires-python = ">=3.10"
# dependencies = ["daglab", "marimo"]
#
# [tool.daglab]
# group = "visits"
#
# [tool.daglab.assets.visits]
# [tool.daglab.assets.busy]
# [tool.daglab.assets.report]
#
# [tool.daglab.partitions]
# static = ["mon", "tue", "wed"]
# ///
import marimo

app = marimo.App()

with app.setup:
    import daglab


@app.cell
def _():
    partition_key = daglab.partition_key("mon")
    return (partition_key,)


@app.cell
def _(partition_key):
    visits = {"mon": 12, "tue": 3, "wed": 30}[partition_key]
    return (visits,)


@app.cell
def _():
    least = 10
    return (least,)


@app.cell
def _(least, visits):
    busy = visits >= least
    return (busy,)


@app.cell
def _(busy, partition_key):
    report = f"{partition_key} is {'busy' if busy else 'calm'}"
    return (report,)


if __name__ == "__main__":
    app.run()
