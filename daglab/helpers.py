"""What a notebook that explores Dagster uses: ask it, launch runs and follow them, recover from failures.

::

    from daglab import helpers

    *_, result = helpers.track(helpers.run_assets(["sales/orders"]))
    result.status, result.seconds, result.failing_cell
"""

from daglab.runs.interactive import (
    cancel,
    discover,
    reexecute,
    run_assets,
    run_job,
    status,
    track,
    validate_config,
)
from daglab.runs.tracked import TrackedRun
from daglab.runs.tracking import InProcessRun

__all__ = [
    "InProcessRun",
    "TrackedRun",
    "cancel",
    "discover",
    "reexecute",
    "run_assets",
    "run_job",
    "status",
    "track",
    "validate_config",
]
