"""The GraphQL documents that are sent to Dagster: constants, so that no value ever becomes part of a query."""

from __future__ import annotations

INSTANCE = """
query DaglabInstance {
  version
  instance {
    runQueuingSupported
    daemonHealth { allDaemonStatuses { daemonType required healthy lastHeartbeatErrors { message } } }
  }
  workspaceOrError {
    __typename
    ... on Workspace {
      locationEntries {
        name
        loadStatus
        displayMetadata { key value }
        locationOrLoadError { __typename ... on PythonError { message } }
      }
    }
    ... on PythonError { message }
  }
}
"""

ASSETS = """
query DaglabAssets($keys: [AssetKeyInput!]) {
  assetNodes(assetKeys: $keys) {
    assetKey { path }
    groupName
    kinds
    description
    isMaterializable
    isPartitioned
    jobNames
    dependencyKeys { path }
    repository { name location { name } }
  }
}
"""

ASSET_STATUSES = """
query DaglabAssetStatuses($keys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $keys) { assetKey { path } staleStatus }
  assetsLatestInfo(assetKeys: $keys) {
    assetKey { path }
    latestMaterialization { timestamp runId }
    unstartedRunIds
    inProgressRunIds
    latestRun { runId status }
  }
}
"""

RUN = """
query DaglabRun($run: ID!) {
  runOrError(runId: $run) {
    __typename
    ... on Run {
      runId
      status
      jobName
      creationTime
      startTime
      endTime
      assetSelection { path }
      tags { key value }
      stepKeysToExecute
      executionPlan { steps { key } }
      stepStats { stepKey status }
    }
    ... on RunNotFoundError { message }
    ... on PythonError { message }
  }
}
"""

RUN_EVENTS = """
query DaglabRunEvents($run: ID!, $cursor: String) {
  runOrError(runId: $run) {
    __typename
    ... on Run {
      eventConnection(afterCursor: $cursor, limit: 1000) {
        cursor
        hasMore
        events {
          __typename
          ... on ExecutionStepFailureEvent { stepKey error { message cause { message } } }
          ... on RunFailureEvent { message error { message } }
        }
      }
    }
    ... on RunNotFoundError { message }
    ... on PythonError { message }
  }
}
"""

RUNS_BY_TAG = """
query DaglabRunsByTag($key: String!, $value: String!) {
  runsOrError(filter: { tags: [{ key: $key, value: $value }] }, limit: 1) {
    __typename
    ... on Runs { results { runId } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""

LAUNCH_RUN = """
mutation DaglabLaunchRun($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message path reason } }
    ... on InvalidStepError { invalidStepKey }
    ... on InvalidOutputError { stepKey invalidOutputName }
    ... on PipelineNotFoundError { message }
    ... on RunConflict { message }
    ... on UnauthorizedError { message }
    ... on InvalidSubsetError { message }
    ... on PresetNotFoundError { message }
    ... on ConflictingExecutionParamsError { message }
    ... on NoModeProvidedError { message }
    ... on PythonError { message }
  }
}
"""
