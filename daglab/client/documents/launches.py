"""Documents that launch something, or check what would be launched."""

from __future__ import annotations

from daglab.client.documents.fragments import CONFIG_ERROR, CONFIG_TYPE

LAUNCH_RUN = (
    """
mutation DaglabLaunchRun($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { ...ConfigError } }
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
    + CONFIG_ERROR
)

REEXECUTE = (
    """
mutation DaglabReexecute($params: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { ...ConfigError } }
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
    + CONFIG_ERROR
)

LAUNCH_BACKFILL = (
    """
mutation DaglabLaunchBackfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PartitionSetNotFoundError { message }
    ... on PartitionKeysNotFoundError { message }
    ... on RunConfigValidationInvalid { errors { ...ConfigError } }
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
    + CONFIG_ERROR
)

_JOB = """
  pipelineOrError(params: $job) {
    __typename
    ... on Pipeline { ...Partitions }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on PythonError { message }
  }
}
"""

JOB_PARTITIONS = (
    "query DaglabJobPartitions($job: PipelineSelector!) {"
    + _JOB
    + "fragment Partitions on Pipeline { partitionKeysOrError { partitionKeys } }"
)

JOB_PARTITION = (
    "query DaglabJobPartition($job: PipelineSelector!, $key: String!) {"
    + _JOB
    + """
fragment Partitions on Pipeline {
  partition(partitionName: $key) {
    runConfigOrError {
      __typename
      ... on PartitionRunConfig { yaml }
      ... on PythonError { message }
    }
    tagsOrError {
      __typename
      ... on PartitionTags { results { key value } }
      ... on PythonError { message }
    }
  }
}
"""
)

_BACKFILL = """
fragment BackfillState on PartitionBackfill {
  id
  status
  timestamp
  endTimestamp
  numPartitions
  partitionNames
  assetSelection { path }
  tags { key value }
  error { message }
}
"""

BACKFILL = (
    """
query DaglabBackfill($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    __typename
    ... on PartitionBackfill { ...BackfillState }
    ... on BackfillNotFoundError { message }
    ... on PythonError { message }
  }
  runsOrError(filter: { tags: [{ key: "dagster/backfill", value: $id }] }, limit: 1000) {
    __typename
    ... on Runs { results { runId status } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""
    + _BACKFILL
)

BACKFILLS = """
query DaglabBackfills($limit: Int!, $cursor: String) {
  partitionBackfillsOrError(limit: $limit, cursor: $cursor) {
    __typename
    ... on PartitionBackfills { results { id tags { key value } } }
    ... on PythonError { message }
  }
}
"""

CANCEL_BACKFILL = """
mutation DaglabCancelBackfill($id: String!) {
  cancelPartitionBackfill(backfillId: $id) {
    __typename
    ... on CancelBackfillSuccess { backfillId }
    ... on UnauthorizedError { message }
    ... on PythonError { message }
  }
}
"""

VALIDATE_CONFIG = (
    """
query DaglabValidateConfig($job: PipelineSelector!, $config: RunConfigData) {
  isPipelineConfigValid(pipeline: $job, mode: "default", runConfigData: $config) {
    __typename
    ... on PipelineConfigValidationValid { pipelineName }
    ... on RunConfigValidationInvalid { errors { ...ConfigError } }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on PythonError { message }
  }
}
"""
    + CONFIG_ERROR
)

CONFIG_SCHEMA = (
    """
query DaglabConfigSchema($job: PipelineSelector!) {
  runConfigSchemaOrError(selector: $job) {
    __typename
    ... on RunConfigSchema { rootConfigType { key } rootDefaultYaml allConfigTypes { ...ConfigTypes } }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on ModeNotFoundError { message }
    ... on PythonError { message }
  }
}
"""
    + CONFIG_TYPE
)
