"""Documents that are asked again and again while somebody looks, and so ask for little."""

from __future__ import annotations

from daglab.client.documents.fragments import RUN

PULSE = """
query DaglabPulse {
  locationStatusesOrError {
    __typename
    ... on WorkspaceLocationStatusEntries { entries { name loadStatus versionKey } }
    ... on PythonError { message }
  }
  recent: runsOrError(limit: 25) {
    __typename
    ... on Runs { results { runId status } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
  unfinished: runsOrError(
    filter: { statuses: [QUEUED, NOT_STARTED, MANAGED, STARTING, STARTED, CANCELING] }
    limit: 500
  ) {
    __typename
    ... on Runs { results { runId status } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""

PROGRESS = (
    """
query DaglabProgress($runs: [String!]!, $limit: Int!) {
  runsOrError(filter: { runIds: $runs }, limit: $limit) {
    __typename
    ... on Runs {
      results {
        ...RunState
        stepKeysToExecute
        stepStats { stepKey status }
      }
    }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""
    + RUN
)
