#!/usr/bin/env python3
# -*- coding: utf-8 -*-
# /// script
# requires-python = ">=3.10"
# dependencies = [
#     "marimo",
# ]
#
# [tool.daglab]
# asset = "orders"
# ///

"""Orders of the day.

In several lines.
"""
from __future__ import annotations

import marimo

__generated_with = "0.23.0"
app = marimo.App()


@app.cell
def _():
    orders = [3, 5, 8]
    return (orders,)


@app.cell
def _(orders):
    total = sum(orders)
    return (total,)


if __name__ == "__main__":
    app.run()
