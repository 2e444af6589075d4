"""The front end reads only what the REST API's models have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from daglab.server.routes.assets import AssetModel
from daglab.server.routes.run_models import RunModel
from daglab.server.routes.status import StatusModel

TYPES = Path(__file__).parents[3] / "labextension" / "src" / "model" / "asset.ts"


@pytest.mark.parametrize(("interface", "model"), [("IAsset", AssetModel), ("IRun", RunModel), ("IStatus", StatusModel)])
def test_the_fields_exist(interface: str, model: type[BaseModel]) -> None:
    body = re.search(rf"export interface {interface} {{\n(.*?)\n}}", TYPES.read_text("utf-8"), re.DOTALL)
    assert body
    fields = set(re.findall(r"^  readonly (\w+):", body[1], re.MULTILINE))
    assert len(fields) > 2
    assert fields <= set(model.model_fields)
