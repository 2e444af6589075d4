"""Async client of Dagster's GraphQL API."""

from __future__ import annotations

from daglab.client.asset_details import AssetDetails, AssetEvent, Check, CheckOutcome
from daglab.client.assets import Asset, AssetState, AssetStatus
from daglab.client.backfills import Backfill
from daglab.client.blocking import BlockingDagsterClient
from daglab.client.client import DagsterClient
from daglab.client.discovery import Discovery
from daglab.client.events import LEVELS, EventError, RunEvent, RunLogs
from daglab.client.instance import Daemon, DaemonHealth, DagsterStatus, Location
from daglab.client.launching import RunSubmitResult
from daglab.client.locations import Job, LoadedLocation, Repository, Schedule, Sensor
from daglab.client.metadata import Metadata
from daglab.client.outcomes import ConfigFault
from daglab.client.partitions import Dimension, Partitions, Span
from daglab.client.pulse import LocationVersion, Pulse, RunState
from daglab.client.reader import DagsterReader, Selection
from daglab.client.run_config import RunConfigSchema
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
    "BlockingDagsterClient",
    "Check",
    "CheckOutcome",
    "ConfigFault",
    "Daemon",
    "DaemonHealth",
    "DagsterClient",
    "DagsterReader",
    "DagsterStatus",
    "Dimension",
    "Discovery",
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
    "RunConfigSchema",
    "RunEvent",
    "RunLogs",
    "RunPage",
    "RunState",
    "RunSubmitResult",
    "Schedule",
    "Selection",
    "Sensor",
    "Span",
    "StepFailure",
]
