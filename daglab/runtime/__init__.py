"""Notebooks as Dagster assets: their definitions, the running of their cells, the executed notebooks."""
