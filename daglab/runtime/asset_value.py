"""A notebook's variable as the value of an asset."""

from __future__ import annotations

from typing import Any

import dagster as dg

from daglab.errors import AssetValueError
from daglab.runtime.declare import to_key
from daglab.runtime.loaded import LoadedNotebook

_EVENTS = (dg.AssetMaterialization, dg.AssetObservation, dg.AssetCheckResult, dg.DynamicOutput, dg.ObserveResult)


def asset_output(loaded: LoadedNotebook, variable: str, value: Any) -> dg.Output[Any]:
    """The output that ``variable`` is: its value; of a ``dagster.Output`` or ``MaterializeResult`` what that holds.

    Raises:
        AssetValueError: it is another one of Dagster's events, a result without a value or of more than this asset;
            or other cells read it, which get the value alone where the asset isn't selected.
    """
    kind = f"a dagster.{type(value).__name__}"
    if isinstance(value, _EVENTS):
        raise AssetValueError(f"{variable!r} is {kind}, no value", remedy="assign the asset's value to it")
    if not isinstance(value, (dg.Output, dg.MaterializeResult)):
        return dg.Output(value, output_name=variable)
    if isinstance(value, dg.MaterializeResult):
        if value.value is dg.MaterializeResult().value:
            raise AssetValueError(
                f"{variable!r} is {kind} without a value, so that nothing would be stored",
                remedy="give it one, MaterializeResult(value=..., metadata=...), or assign the value itself",
            )
        if value.check_results or value.asset_key not in (None, to_key(loaded.header.key(variable))):
            raise AssetValueError(
                f"{variable!r} is {kind} that tells of other assets or of checks",
                remedy="declare these in the header, each with a variable of its own",
            )
    cells = loaded.graph.cells.cells
    if any(variable in cell.refs and variable not in cell.defs for cell in cells):
        raise AssetValueError(
            f"{variable!r} is {kind}, and other cells read it: where it isn't selected, they get its value alone",
            remedy="assign the value itself; metadata: daglab.context().add_output_metadata({...}, "
            f"output_name={variable!r})",
        )
    return dg.Output(
        value.value, output_name=variable, metadata=value.metadata, data_version=value.data_version, tags=value.tags
    )
