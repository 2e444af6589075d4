"""``python -m daglab``."""

from __future__ import annotations

from daglab.cli import main

if __name__ == "__main__":
    main()
