"""Which texts hold a secret, and which only look random. The examples are put together here: none is a real secret."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid

import pytest

from daglab.notebook.secrets import DETECTORS, OUTPUT_LIMIT, jupyter_findings, secrets_in

ALNUM = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF" * 3

SECRETS = {
    "an AWS access key": ["AKIA" + "Q3EXAMPL7QWERTY2", "x = 'ASIA" + "Q3EXAMPL7QWERTY2'"],
    "an AWS secret key": ["aws_secret_access_key = '" + ALNUM[:40] + "'", '{"SecretAccessKey": "' + ALNUM[:40] + '"}'],
    "a GitHub token": ["ghp" + "_" + ALNUM[:36], "github_pat" + "_" + ALNUM[:60]],
    "a GitLab token": ["glpat" + "-" + ALNUM[:20]],
    "a Slack token": ["xoxb" + "-123456789012-" + ALNUM[:24]],
    "a Slack webhook": ["https://hooks.slack.com/" + "services/T0123/B0123/" + ALNUM[:24]],
    "a Google API key": ["AIza" + ALNUM[:35]],
    "a Google OAuth secret": ["GOCSPX" + "-" + ALNUM[:28]],
    "an Azure storage key": ["DefaultEndpointsProtocol=https;AccountKey=" + (ALNUM * 2)[:86] + "=="],
    "a Stripe key": ["sk" + "_live_" + ALNUM[:24]],
    "an OpenAI key": ["sk-proj-" + ALNUM[:24] + "T3Blbk" + "FJ" + ALNUM[:24]],
    "an Anthropic key": ["sk-ant" + "-api03-" + ALNUM[:80]],
    "a Hugging Face token": ["hf" + "_" + ALNUM[:34]],
    "a Databricks token": ["dapi" + "0123456789abcdef" * 2],
    "a PyPI token": ["pypi-" + "AgEI" + ALNUM[:60]],
    "an npm token": ["npm" + "_" + ALNUM[:36]],
    "a SendGrid key": ["SG." + ALNUM[:22] + "." + ALNUM[:43]],
    "a private key": ["-----BEGIN " + "PRIVATE KEY-----", "-----BEGIN RSA " + "PRIVATE KEY-----"],
    "a JSON web token": ["eyJ" + ALNUM[:20] + ".eyJ" + ALNUM[:20] + "." + ALNUM[:30]],
    "a database URL with a password": [
        "postgresql+psycopg://me:" + "tops3cret@db/shop",
        "redis://:" + "tops3cret@cache:6379",
    ],
}


def test_each_detector_has_an_example() -> None:
    assert set(SECRETS) == {detector.name for detector in DETECTORS}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in SECRETS.items() for text in texts])
@pytest.mark.parametrize("around", ["{}", "x = '{}'", 'f("{}")', "token: {}\n", "TOKEN={} run", '"a\\n{}"'])
def test_found_wherever_it_stands(name: str, text: str, around: str) -> None:
    assert list(secrets_in("import os\n" + around.format(text))) == [(name, 2)]


@pytest.mark.parametrize(
    "text",
    [
        hashlib.sha512(b"x").hexdigest(),
        str(uuid.UUID(int=2**127 - 1)),
        base64.b64encode(bytes(range(256)) * 40).decode(),
        "<img src='data:image/png;base64,AAAA" + "/ghp_" + "iVBORw0KGgo" * 30 + "'>",
        "data:image/png;base64," + "AKIA" + "Q3EXAMPL7QWERTY2",
        "/x/" + "AKIA" + "Q3EXAMPL7QWERTY2",  # a piece of base64
        "AKIA" + "IOSFODNN7EXAMPLE",  # AWS's own example
        "postgresql://me:{password}@db/shop",
        "postgresql://me:$PASSWORD@db/shop",
        "postgresql://user:password@localhost/db",
        "postgresql://me@db/shop?at=10:30",
        "https://example.com:8080/a@b",
        "password = 'correct horse battery staple'",
        "api_key = os.environ['API_KEY']",
    ],
)
def test_not_found_where_there_is_none(text: str) -> None:
    assert list(secrets_in(text)) == []


def of_output(output: dict[str, object]) -> list[str]:
    text = json.dumps({"cells": [{"cell_type": "code", "source": [], "outputs": [output]}]})
    return [finding.code for finding in jupyter_findings(text, "a.ipynb", sources=True, outputs=True)]


@pytest.mark.parametrize(
    ("output", "codes"),
    [
        ({"text": ["a\n", SECRETS["a GitHub token"][0]]}, ["DL331"]),
        ({"data": {"text/html": "<b>" + SECRETS["a GitHub token"][0]}}, ["DL331"]),
        ({"data": {"application/json": {"k": [SECRETS["a GitHub token"][0]]}}}, ["DL331"]),
        ({"ename": "E", "evalue": "no", "traceback": [SECRETS["a GitHub token"][0]]}, ["DL331"]),
        ({"data": {"image/svg+xml": SECRETS["a GitHub token"][0]}}, ["DL331"]),
        ({"data": {"image/png": SECRETS["a GitHub token"][0]}}, []),
        ({"traceback": None, "text": SECRETS["a GitHub token"][0]}, ["DL331"]),
        ({"text": "x" * OUTPUT_LIMIT}, ["DL332"]),
        ({"data": {"image/png": "x" * (OUTPUT_LIMIT - 100)}}, []),
    ],
)
def test_outputs(output: dict[str, object], codes: list[str]) -> None:
    assert of_output(output) == codes


def test_one_odd_cell_hides_no_other_and_widgets_are_searched() -> None:
    secret = SECRETS["a GitHub token"][0]
    cells = [{"outputs": [3, {"data": 3}]}, 5, {"cell_type": "code", "source": secret}]
    document = {"cells": cells, "metadata": {"widgets": {"state": secret}}}
    found = list(jupyter_findings(json.dumps(document), "a.ipynb", sources=True, outputs=True))
    assert [finding.code for finding in found] == ["DL330", "DL331"]


def test_a_token_in_an_address_and_an_encoded_password() -> None:
    assert [name for name, _ in secrets_in(f"git+https://{SECRETS['a GitHub token'][0]}@github.com/a/b")]
    assert [name for name, _ in secrets_in("postgresql://bob:s3cr%40tW0rd@db/x")] == ["a database URL with a password"]


def test_a_long_text_takes_no_time() -> None:
    began = time.perf_counter()
    assert list(secrets_in("AccountKey=" + ";" * 200_000)) == []
    assert time.perf_counter() - began < 1


def test_findings_never_show_the_secret() -> None:
    secret = SECRETS["a GitHub token"][0]
    cell = {"cell_type": "code", "source": secret, "outputs": [{"text": secret}]}
    found = list(jupyter_findings(json.dumps({"cells": [cell]}), "a.ipynb", sources=True, outputs=True))
    assert [finding.code for finding in found] == ["DL330", "DL331"]
    assert not any(secret in str(finding) for finding in found)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', '{"cells": [1]}', "\ufffd"])
def test_what_is_no_notebook_is_left_to_its_reader(text: str) -> None:
    assert list(jupyter_findings(text, "a.ipynb", sources=True, outputs=True)) == []
