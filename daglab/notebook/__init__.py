"""What a marimo notebook is: its spans, cells, header and graph, read without running any of it."""
