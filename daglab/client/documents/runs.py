"""Documents about runs and their events."""

from __future__ import annotations

from daglab.client.documents.fragments import EVENTS
from daglab.client.documents.fragments import RUN as _RUN_STATE

RUN = (
    """
query DaglabRun($run: ID!) {
  runOrError(runId: $run) {
    __typename
    ... on Run {
      ...RunState
      stepKeysToExecute
      executionPlan { steps { key } }
      stepStats { stepKey status }
    }
    ... on RunNotFoundError { message }
    ... on PythonError { message }
  }
}
"""
    + _RUN_STATE
)

RUN_STATUS = """
query DaglabRunStatus($run: ID!) {
  runOrError(runId: $run) {
    __typename
    ... on Run { runId status }
    ... on RunNotFoundError { message }
    ... on PythonError { message }
  }
}
"""

RUNS = (
    """
query DaglabRuns($filter: RunsFilter, $cursor: String, $limit: Int!) {
  runsOrError(filter: $filter, cursor: $cursor, limit: $limit) {
    __typename
    ... on Runs { results { ...RunState } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""
    + _RUN_STATE
)

RUNS_BY_TAG = (
    """
query DaglabRunsByTag($key: String!, $value: String!) {
  runsOrError(filter: { tags: [{ key: $key, value: $value }] }, limit: 100) {
    __typename
    ... on Runs { results { ...RunState } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""
    + _RUN_STATE
)

RUN_FAILURES = """
query DaglabRunFailures($run: ID!, $cursor: String) {
  logsForRun(runId: $run, afterCursor: $cursor, limit: 1000) {
    __typename
    ... on EventConnection {
      cursor
      hasMore
      events {
        __typename
        ... on ExecutionStepFailureEvent { stepKey error { message cause { message } } }
        ... on RunFailureEvent { message error { message } }
      }
    }
    ... on RunNotFoundError { message }
    ... on PythonError { message }
  }
}
"""

RUN_LOGS = (
    """
query DaglabRunLogs($run: ID!, $cursor: String, $limit: Int!) {
  logsForRun(runId: $run, afterCursor: $cursor, limit: $limit) {
    __typename
    ... on EventConnection { cursor hasMore events { ...Events } }
    ... on RunNotFoundError { message }
    ... on PythonError { message }
  }
}
"""
    + EVENTS
)

RUN_EVENTS = (
    """
subscription DaglabRunEvents($run: ID!, $cursor: String) {
  pipelineRunLogs(runId: $run, cursor: $cursor) {
    __typename
    ... on PipelineRunLogsSubscriptionSuccess { cursor hasMorePastEvents messages { ...Events } }
    ... on PipelineRunLogsSubscriptionFailure { message missingRunId }
  }
}
"""
    + EVENTS
)

TERMINATE = """
mutation DaglabTerminate($run: String!, $policy: TerminateRunPolicy!) {
  terminateRun(runId: $run, terminatePolicy: $policy) {
    __typename
    ... on TerminateRunSuccess { run { runId } }
    ... on TerminateRunFailure { message }
    ... on RunNotFoundError { message }
    ... on UnauthorizedError { message }
    ... on PythonError { message }
  }
}
"""
