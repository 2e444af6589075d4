"""What a forkserver imports once, so that each step of a run starts with it: Dagster, marimo, daglab's own modules."""

from __future__ import annotations

import marimo  # noqa: F401

import daglab.runtime.step  # noqa: F401
