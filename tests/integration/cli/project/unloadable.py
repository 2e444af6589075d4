"""A code location that fails to load."""

raise ImportError("no module named frobnicate")
