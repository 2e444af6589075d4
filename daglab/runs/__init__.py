"""Runs that somebody follows: launched in a Dagster, or done by a process of their own."""
