"""Documents about the instance and its code locations."""

from __future__ import annotations

INSTANCE = """
query DaglabInstance {
  version
  instance {
    runQueuingSupported
    daemonHealth {
      allDaemonStatuses { daemonType required healthy lastHeartbeatTime lastHeartbeatErrors { message } }
    }
  }
  workspaceOrError {
    __typename
    ... on Workspace {
      locationEntries {
        name
        loadStatus
        displayMetadata { key value }
        locationOrLoadError {
          __typename
          ... on RepositoryLocation { name }
          ... on PythonError { message causes { message } }
        }
      }
    }
    ... on PythonError { message }
  }
}
"""

VERSION = """
query DaglabVersion { version }
"""

DAEMONS = """
query DaglabDaemons {
  instance {
    runQueuingSupported
    daemonHealth {
      allDaemonStatuses { daemonType required healthy lastHeartbeatTime lastHeartbeatErrors { message } }
    }
  }
}
"""

LOCATIONS = """
query DaglabLocations {
  workspaceOrError {
    __typename
    ... on Workspace {
      locationEntries {
        name
        loadStatus
        displayMetadata { key value }
        updatedTimestamp
        locationOrLoadError {
          __typename
          ... on RepositoryLocation {
            isReloadSupported
            dagsterLibraryVersions { name version }
            repositories {
              name
              jobs { name description isAssetJob tags { key value } }
              partitionSets { name pipelineName }
              schedules {
                name
                description
                pipelineName
                cronSchedule
                executionTimezone
                scheduleState { status }
              }
              sensors { name description minIntervalSeconds sensorType targets { pipelineName } sensorState { status } }
            }
          }
          ... on PythonError { message causes { message } }
        }
      }
    }
    ... on PythonError { message }
  }
}
"""

RELOAD_LOCATION = """
mutation DaglabReloadLocation($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
    ... on WorkspaceLocationEntry {
      name
      loadStatus
      displayMetadata { key value }
      locationOrLoadError {
        __typename
        ... on RepositoryLocation { name }
        ... on PythonError { message causes { message } }
      }
    }
    ... on ReloadNotSupported { message }
    ... on RepositoryLocationNotFound { message }
    ... on UnauthorizedError { message }
    ... on PythonError { message }
  }
}
"""

LOCATION_CHANGES = """
subscription DaglabLocationChanges {
  locationStateChangeEvents { event { eventType message locationName serverId } }
}
"""
