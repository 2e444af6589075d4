"""Documents about assets."""

from __future__ import annotations

from daglab.client.documents.fragments import CONFIG_TYPE, METADATA

_DEFINITION = """
fragment Definition on AssetNode {
  assetKey { path }
  groupName
  kinds
  tags { key value }
  owners { __typename ... on UserAssetOwner { email } ... on TeamAssetOwner { team } }
  description
  computeKind
  isMaterializable
  isPartitioned
  hasAssetChecks
  configField { isRequired configType { key } }
  jobNames
  opNames
  dependencyKeys { path }
  repository { name location { name } }
}
"""

KEYS = """
query DaglabKeys { assetNodes { assetKey { path } } }
"""

OP_NAMES = """
query DaglabOpNames { assetNodes { graphName opNames } }
"""

DEFINITIONS = (
    """
query DaglabDefinitions($keys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $keys) { ...Definition }
}
"""
    + _DEFINITION
)

STATUSES = """
query DaglabStatuses($keys: [AssetKeyInput!]!, $checked: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $keys) { assetKey { path } staleStatus }
  checked: assetNodes(assetKeys: $checked) {
    assetKey { path }
    assetChecksOrError {
      __typename
      ... on AssetChecks {
        checks { name executionForLatestMaterialization { status evaluation { severity } } }
      }
      ... on AssetCheckNeedsMigrationError { message }
      ... on AssetCheckNeedsUserCodeUpgrade { message }
      ... on AssetCheckNeedsAgentUpgradeError { message }
    }
  }
  assetsLatestInfo(assetKeys: $keys) {
    assetKey { path }
    latestMaterialization { timestamp runId }
    unstartedRunIds
    inProgressRunIds
    latestRun { runId status }
  }
}
"""

ASSET = (
    """
query DaglabAsset($key: AssetKeyInput!, $events: Boolean!) {
  assetNodeOrError(assetKey: $key) {
    __typename
    ... on AssetNode {
      ...Definition
      dependedByKeys { path }
      staleCauses @include(if: $events) { reason }
      opVersion
      pools
      metadataEntries { ...Metadata }
      automationCondition { label expandedLabel }
      backfillPolicy { description }
      configField { isRequired configType { ...ConfigTypes recursiveConfigTypes { ...ConfigTypes } } }
      assetChecksOrError {
        __typename
        ... on AssetChecks {
          checks {
            name
            description
            blocking
            jobNames
            executionForLatestMaterialization @include(if: $events) {
              status
              runId
              timestamp
              evaluation { severity description metadataEntries { ...Metadata } }
            }
          }
        }
        ... on AssetCheckNeedsMigrationError { message }
        ... on AssetCheckNeedsUserCodeUpgrade { message }
        ... on AssetCheckNeedsAgentUpgradeError { message }
      }
    }
    ... on AssetNotFoundError { message }
  }
}
"""
    + _DEFINITION
    + METADATA
    + CONFIG_TYPE
)

ASSET_EVENTS = (
    """
query DaglabAssetEvents($key: AssetKeyInput!, $limit: Int!) {
  assetOrError(assetKey: $key) {
    __typename
    ... on Asset {
      assetMaterializations(limit: $limit) { ...AssetEvent }
      assetObservations(limit: $limit) { ...AssetEvent }
    }
    ... on AssetNotFoundError { message }
  }
}

fragment AssetEvent on DisplayableEvent {
  __typename
  label
  description
  metadataEntries { ...Metadata }
  ... on MaterializationEvent { runId timestamp stepKey partition tags { key value } }
  ... on ObservationEvent { runId timestamp stepKey partition tags { key value } }
}
"""
    + METADATA
)

PARTITIONS = """
query DaglabPartitions($keys: [AssetKeyInput!]!, $statuses: Boolean!) {
  assetNodes(assetKeys: $keys) {
    assetKey { path }
    partitionDefinition {
      description
      type
      dimensionTypes { name type dynamicPartitionsDefinitionName isPrimaryDimension }
    }
    partitionKeysByDimension { name type partitionKeys }
    assetPartitionStatuses @include(if: $statuses) {
      __typename
      ...Dimension
      ... on MultiPartitionStatuses {
        primaryDimensionName
        ranges { primaryDimStartKey primaryDimEndKey secondaryDim { __typename ...Secondary } }
      }
    }
  }
}

fragment Dimension on AssetPartitionStatuses {
  ... on DefaultPartitionStatuses { materializedPartitions failedPartitions materializingPartitions }
  ... on TimePartitionStatuses { ranges { startKey endKey status } }
}

fragment Secondary on PartitionStatus1D {
  ... on DefaultPartitionStatuses { materializedPartitions failedPartitions materializingPartitions }
  ... on TimePartitionStatuses { ranges { startKey endKey status } }
}
"""
