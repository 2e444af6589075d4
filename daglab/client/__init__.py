"""Async client of Dagster's GraphQL API."""

from __future__ import annotations

from daglab.client.assets import Asset, AssetStatus
from daglab.client.client import DagsterClient
from daglab.client.instance import DagsterStatus, Location
from daglab.client.runs import FINAL_STATUSES, Run

__all__ = ["FINAL_STATUSES", "Asset", "AssetStatus", "DagsterClient", "DagsterStatus", "Location", "Run"]
