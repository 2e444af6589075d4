"""A notebook's variable as the result of an asset check."""

from __future__ import annotations

from typing import Any

import dagster as dg

from daglab.errors import AssetValueError
from daglab.notebook.header import Header
from daglab.runtime.declare import to_key


def check_result(header: Header, variable: str, value: Any) -> dg.AssetCheckResult:
    """The result that ``variable`` holds: a bool (numpy's too), or an ``AssetCheckResult`` with metadata of its own.

    Raises:
        AssetValueError: it holds something else.
    """
    check = header.checks[variable]
    key = to_key(header.key(check.asset))
    name = check.name or variable
    if isinstance(value, dg.AssetCheckResult):
        return dg.AssetCheckResult(
            passed=value.passed,
            asset_key=key,
            check_name=name,
            metadata=value.metadata,
            severity=value.severity,
            description=value.description,
        )
    if isinstance(value, bool) or (type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_")):
        return dg.AssetCheckResult(passed=bool(value), asset_key=key, check_name=name)
    raise AssetValueError(
        f"the check {variable!r} is of type {type(value).__qualname__}",
        remedy="make it a bool, or a dagster.AssetCheckResult",
    )
