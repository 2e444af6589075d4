"""What several documents ask for alike."""

from __future__ import annotations

METADATA = """
fragment Metadata on MetadataEntry {
  __typename
  label
  description
  ... on TextMetadataEntry { text }
  ... on MarkdownMetadataEntry { mdStr }
  ... on UrlMetadataEntry { url }
  ... on PathMetadataEntry { path }
  ... on NotebookMetadataEntry { path }
  ... on IntMetadataEntry { intRepr }
  ... on FloatMetadataEntry { floatRepr }
  ... on BoolMetadataEntry { boolValue }
  ... on JsonMetadataEntry { jsonString }
  ... on TimestampMetadataEntry { timestamp }
  ... on PipelineRunMetadataEntry { runId }
  ... on AssetMetadataEntry { assetKey { path } }
  ... on JobMetadataEntry { jobName repositoryName locationName }
  ... on PoolMetadataEntry { pool }
  ... on PythonArtifactMetadataEntry { module name }
  ... on TableMetadataEntry { table { schema { ...Columns } records } }
  ... on TableSchemaMetadataEntry { schema { ...Columns } }
  ... on TableColumnLineageMetadataEntry { lineage { columnName columnDeps { assetKey { path } columnName } } }
  ... on CodeReferencesMetadataEntry {
    codeReferences {
      __typename
      ... on LocalFileCodeReference { filePath lineNumber label }
      ... on UrlCodeReference { url label }
    }
  }
}

fragment Columns on TableSchema {
  columns { name type description constraints { nullable unique other } tags { key value } }
  constraints { other }
}
"""

PYTHON_ERROR = """
fragment Failure on PythonError {
  message
  className
  stack
  cause { message className stack cause { message className stack cause { message className stack } } }
}
"""

CONFIG_TYPE = """
fragment ConfigTypes on ConfigType {
  __typename
  key
  description
  typeParamKeys
  isSelector
  ... on RegularConfigType { givenName }
  ... on EnumConfigType { givenName values { value description } }
  ... on ScalarUnionConfigType { scalarTypeKey nonScalarTypeKey }
  ... on CompositeConfigType {
    fields { name description isRequired defaultValueAsJson configTypeKey }
  }
}
"""

CONFIG_ERROR = """
fragment ConfigError on PipelineConfigValidationError {
  message
  reason
  stack {
    entries {
      __typename
      ... on EvaluationStackPathEntry { fieldName }
      ... on EvaluationStackListItemEntry { listIndex }
      ... on EvaluationStackMapKeyEntry { mapKey }
      ... on EvaluationStackMapValueEntry { mapKey }
    }
  }
}
"""

RUN = """
fragment RunState on Run {
  runId
  status
  jobName
  creationTime
  startTime
  endTime
  canTerminate
  parentRunId
  rootRunId
  assetSelection { path }
  tags { key value }
  repositoryOrigin { repositoryName repositoryLocationName }
}
"""

EVENTS = (
    """
fragment Events on DagsterRunEvent {
  __typename
  ... on MessageEvent { message timestamp level stepKey eventType }
  ... on ErrorEvent { error { ...Failure } }
  ... on MaterializationEvent { assetKey { path } partition metadataEntries { ...Metadata } }
  ... on ObservationEvent { assetKey { path } partition metadataEntries { ...Metadata } }
  ... on AssetMaterializationPlannedEvent { assetKey { path } }
  ... on ExecutionStepFailureEvent { failureMetadata { metadataEntries { ...Metadata } } }
}
"""
    + PYTHON_ERROR
    + METADATA
)
