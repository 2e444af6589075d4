"""Dagster's workspace in this server's memory: locations, asset graph, states and runs, followed for all browsers."""

from __future__ import annotations

from daglab.server.workspace.current import CurrentWorkspace
from daglab.server.workspace.listing import AssetFilter, AssetList, Edition
from daglab.server.workspace.workspace import Workspace, location_state

__all__ = ["AssetFilter", "AssetList", "CurrentWorkspace", "Edition", "Workspace", "location_state"]
