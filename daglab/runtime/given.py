"""The params of a run as its executed notebook may show them: what came from the environment stays there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from daglab.notebook.params import Param


def shown_params(
    context: dg.AssetExecutionContext, params: Mapping[str, Param], values: Mapping[str, Any], names: Iterable[str]
) -> str:
    """``name = value`` for each of ``names``; a value is shown only if the run's configuration or the notebook has it.

    ``{"env": "API_KEY"}``, a job's own configuration and ``configured`` may bring secrets, and are only told of.
    """
    raw = _raw_config(context)
    lines = []
    for name in sorted(names):
        if variables := sorted(_variables(raw.get(name))):
            noun = "variable" if len(variables) == 1 else "variables"
            lines.append(f"{name} = <from the environment {noun} {', '.join(variables)}>")
        elif name in raw or values[name] == params[name].default:
            lines.append(f"{name} = {values[name]!r}")
        else:
            lines.append(f"{name} = <from the job's configuration>")
    return "\n".join(lines)


def _raw_config(context: dg.AssetExecutionContext) -> Mapping[str, Any]:
    """The step's part of the run's configuration as it was given, before Dagster resolved it."""
    found: Any = {"ops": context.run.run_config.get("ops")}
    for part in context.op_execution_context.op_handle.path:
        found = (found.get("ops") or {}).get(part) or {}
    return found.get("config") or {}


def _variables(raw: Any) -> set[str]:
    if isinstance(raw, Mapping):
        return {str(raw["env"])} if set(raw) == {"env"} else set().union(*map(_variables, raw.values()))
    return set().union(*map(_variables, raw)) if isinstance(raw, list) else set()
