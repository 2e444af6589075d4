"""Hatch build hook of daglab."""
