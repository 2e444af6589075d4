"""The OpenAPI document refers to nothing that it lacks."""

from __future__ import annotations

import json
import re

from daglab.server.openapi import openapi
from daglab.server.routes import ROUTES


def test_every_reference_leads_to_a_schema() -> None:
    document = openapi(ROUTES)
    named = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)))
    schemas = document["components"]["schemas"]
    assert named <= schemas.keys()
    # Two models of one name would be called by their modules, and referred to by their bare name.
    assert [name for name in schemas if "__" in name] == []
