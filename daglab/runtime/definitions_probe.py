"""Loads a project's real Definitions in a process of its own, for ``daglab check --load``.

``python -m daglab.runtime.definitions_probe TARGET TYPES ANSWER``: ``TARGET`` is a module, or a folder with notebooks
where the project has no definitions of its own; ``TYPES`` a file with the types that headers name,
``[[folder of the notebook, type], ...]``; ``ANSWER`` the file for the outcome: ``{"error": "..."}``, or what
:func:`probe` answers and ``"types": [why it is none, or null, for each type]``. User code may print what it likes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import dagster as dg

from daglab.errors import AssetValueError
from daglab.runtime.definitions import load_definitions
from daglab.runtime.inputs import resolve_type


def probe(target: str) -> dict[str, Any]:
    """What Dagster knows from a code location, once it has everything that the assets need.

    ``keys`` are those of the assets that somebody defines; ``assets`` are all, ``{"key", "description", "upstream",
    "partitioned", "materializable"}``; ``jobs`` are those that have a name of their own.

    Raises:
        Exception: whatever user code and Dagster raise.
    """
    definitions = load_definitions(target)
    dg.Definitions.validate_loadable(definitions)
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    return {
        # of an asset that is only read, Dagster makes a stub for its graph; here are those that somebody defines
        "keys": sorted(key.to_user_string() for key in repository.assets_defs_by_key),
        "assets": [_asset(graph.get(key)) for key in sorted(graph.get_all_asset_keys())],
        "jobs": [
            {"name": job.name, "description": job.description, "partitioned": job.partitions_def is not None}
            for job in jobs
        ],
    }


def _asset(node: Any) -> dict[str, Any]:
    return {
        "key": node.key.to_user_string(),
        "description": node.description,
        "upstream": sorted(key.to_user_string() for key in node.parent_keys),
        "partitioned": node.partitions_def is not None,
        "materializable": node.is_materializable,
    }


def fault_of(folder: str, type_name: str) -> str | None:
    """Why a type of a header is none; ``None`` if it is one. Modules beside the notebook count, as in a run."""
    before = list(sys.path)
    sys.path.insert(0, folder)
    try:
        resolve_type(type_name)
    except AssetValueError as error:
        return error.message
    except Exception as error:  # of a module that is there, but can't be imported
        return f"the type {type_name!r} can't be imported: {type(error).__name__}: {error}"
    finally:
        sys.path[:] = before
    return None


def _main(target: str, types: str, answer: str) -> None:
    try:
        named: list[tuple[str, str]] = json.loads(Path(types).read_text(encoding="utf-8"))
        outcome: dict[str, Any] = {**probe(target), "types": [fault_of(*one) for one in named]}
    except BaseException as error:  # user code may even exit
        first = str(error).strip().split("\n")[0]
        outcome = {"error": f"{type(error).__name__}: {first}" if first else type(error).__name__}
    Path(answer).write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
