"""The GraphQL documents that are sent to Dagster: constants, so that no value ever becomes part of a query."""
