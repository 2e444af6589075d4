"""daglab: the notebook is the asset."""

__version__ = "0.1.0"
