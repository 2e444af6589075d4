"""Async client of Dagster's GraphQL API."""

from __future__ import annotations

from daglab.client.asset_details import AssetDetails, AssetEvent, Check, CheckOutcome
from daglab.client.assets import Asset, AssetState, AssetStatus
from daglab.client.backfills import Backfill
from daglab.client.client import DagsterClient
from daglab.client.events import LEVELS, EventError, RunEvent, RunLogs
from daglab.client.instance import Daemon, DaemonHealth, DagsterStatus, Location
from daglab.client.launching import RunSubmitResult
from daglab.client.locations import Job, LoadedLocation, Repository, Schedule, Sensor
from daglab.client.metadata import Metadata
from daglab.client.partitions import Dimension, Partitions
from daglab.client.pulse import LocationVersion, Pulse, RunState
from daglab.client.runs import FINAL_STATUSES, Run, RunPage, StepFailure
from daglab.client.subscriptions import LocationChange

__all__ = [
    "FINAL_STATUSES",
    "LEVELS",
    "Asset",
    "AssetDetails",
    "AssetEvent",
    "AssetState",
    "AssetStatus",
    "Backfill",
    "Check",
    "CheckOutcome",
    "Daemon",
    "DaemonHealth",
    "DagsterClient",
    "DagsterStatus",
    "Dimension",
    "EventError",
    "Job",
    "LoadedLocation",
    "Location",
    "LocationChange",
    "LocationVersion",
    "Metadata",
    "Partitions",
    "Pulse",
    "Repository",
    "Run",
    "RunEvent",
    "RunLogs",
    "RunPage",
    "RunState",
    "RunSubmitResult",
    "Schedule",
    "Sensor",
    "StepFailure",
]
