"""Hatch build hook of daglab: checks a project's notebooks and makes its wheel a Dagster code location."""
