"""Measurements of daglab, each beside its peer in the same run: ``python -m bench``."""
