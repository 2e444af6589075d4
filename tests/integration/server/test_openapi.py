"""The OpenAPI document: valid, and true: a running server is asked at random, and answers as it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

NOTEBOOK = "mini/notebooks/orders.py"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method", "allow_header_conformance",
)  # fmt: skip
SETTINGS = """
[checks]
negative_data_rejection.expected-statuses = ["400", "403", "404", "405", "409", "413", "415", "422"]

[[operations]]
include-name = "GET /events"
parameters = { wait = 0 }
"""


@pytest.fixture(scope="module")
def document(jupyter: Any) -> dict[str, Any]:
    found: dict[str, Any] = jupyter.request("GET", "openapi.json").json()
    return found


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def fuzz(jupyter: Any, folder: Path, *options: str, timeout: float) -> None:
    (folder / "schemathesis.toml").write_text(SETTINGS)
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", jupyter.url("daglab/api/openapi.json"),
        "--header", f"Authorization: token {jupyter.token}", "--checks", ",".join(CHECKS), "--continue-on-failure",
        "--phases", "coverage,fuzzing", "--request-timeout", "60", "--no-color", *options,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=timeout)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


def test_a_fuzzed_server_keeps_its_word(jupyter: Any, tmp_path: Path) -> None:
    fuzz(jupyter, tmp_path, "--max-examples", "2", "--generation-deterministic", timeout=280)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_server_fuzzed_for_long_keeps_its_word(jupyter: Any, tmp_path: Path) -> None:
    fuzz(jupyter, tmp_path, "--max-examples", "300", timeout=3500)


def test_good_answers_have_the_shape_that_the_document_says(jupyter: Any, document: dict[str, Any]) -> None:
    launched = jupyter.request("POST", "runs", json={"assets": ["raw/orders"], "request_id": "openapi-test"}).json()
    run = f"runs/{launched['id']}"
    good = [
        ("GET", "/status", "status"), ("GET", "/assets", "assets"), ("GET", "/assets", "assets?limit=2&group=sales"),
        ("GET", "/assets/{key}", "assets/sales%2Forders"), ("GET", "/assets/{key}", "assets/visits"),
        ("GET", "/assets/{key}", "assets/by_region"), ("GET", "/jobs", "jobs"), ("GET", "/locations", "locations"),
        ("GET", "/runs", "runs"), ("GET", "/runs/{run_id}", run), ("GET", "/runs/{run_id}/logs", f"{run}/logs"),
        ("GET", "/marimo", "marimo"), ("GET", "/events", "events"), ("GET", "/pairs", "pairs"),
        ("POST", "/dagster", "dagster"),
    ]  # fmt: skip
    for method, path, address in good:
        response = jupyter.request(method, address)
        assert response.status_code == 200, (method, address, response.text)
        content = document["paths"][path][method.lower()]["responses"]["200"]["content"]["application/json"]
        faults = Draft202012Validator({**content["schema"], "components": document["components"]}).iter_errors(
            response.json()
        )
        assert [f"{method} {address}: {fault.json_path}: {fault.message}" for fault in faults] == []
