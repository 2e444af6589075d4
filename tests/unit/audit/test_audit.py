"""``daglab audit``: each fault is found where it is, what is none isn't, and no secret is repeated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daglab.cli.app import run

TOKEN = "ghp_" + "a1B2" * 9
PASSWORD = "correct-horse-battery"
Found = Callable[..., list[dict[str, Any]]]

NOTEBOOK = """\
import marimo

app = marimo.App()


@app.cell
def _():
    import subprocess
    import hashlib

    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    {code}
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "somebody"))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n[tool.daglab]\n')
    return tmp_path


@pytest.fixture
def found(project: Path, capsys: pytest.CaptureFixture[str]) -> Found:
    def look(check: str, *options: str, code: int = 7) -> list[dict[str, Any]]:
        assert run(["audit", "--only", check, "--json", *options]) == code
        out, err = capsys.readouterr()
        assert TOKEN not in out + err
        assert PASSWORD not in out + err
        findings: list[dict[str, Any]] = json.loads(out)["findings"]
        return findings

    return look


def places(findings: list[dict[str, Any]]) -> list[tuple[str, int | None, str]]:
    return [(finding["path"], finding["line"], finding["code"]) for finding in findings]


def test_a_clean_project_has_no_findings(project: Path, found: Found) -> None:
    (project / "orders.py").write_text(NOTEBOOK.format(code="print(digest)"))
    for check in ("secrets", "code", "permissions"):
        assert found(check, code=0) == []


def test_secrets_in_notebooks_outputs_and_configuration(project: Path, found: Found) -> None:
    (project / "orders.py").write_text(NOTEBOOK.format(code=f'token = "{TOKEN}"'))
    (project / ".env").write_text(f"PASSWORD={PASSWORD}\n")
    (project / "dagster.yaml").write_text(f"storage:\n  postgres:\n    password: '{PASSWORD}'\n    db: {{env: DB}}\n")
    output = {"output_type": "stream", "name": "stdout", "text": [TOKEN]}
    cell = {"cell_type": "code", "source": "1", "outputs": [output], "metadata": {}, "execution_count": 1}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (project / "lone.ipynb").write_text(json.dumps(notebook))
    assert set(places(found("secrets"))) == {
        ("orders.py", 12, "secret"), (".env", 1, "secret"),
        ("dagster.yaml", 3, "secret"), ("lone.ipynb", None, "secret"),
    }  # fmt: skip


def test_a_secret_can_be_accepted(project: Path, found: Found) -> None:
    accepted = f'token = "{TOKEN}"  # daglab: ignore[DL330]'
    (project / "orders.py").write_text(NOTEBOOK.format(code=accepted))
    assert found("secrets", code=0) == []


def test_risky_code_in_cells(project: Path, found: Found) -> None:
    (project / "orders.py").write_text(NOTEBOOK.format(code='subprocess.call("ls " + digest, shell=True)'))
    cell = {"cell_type": "code", "source": ["%matplotlib inline\n", "!ls\n", "eval(text)"], "outputs": []}
    (project / "lone.ipynb").write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "a"}, cell]}))
    (project / "accepted.py").write_text(NOTEBOOK.format(code="hashlib.md5()  # nosec B324"))
    assert places(found("code")) == [("orders.py", 12, "bandit-B602"), ("lone.ipynb", None, "bandit-B307")]
    assert len(found("code", "--severity", "low")) > 2  # the import of subprocess


def test_nothing_of_the_project_is_run(project: Path, found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("yaml", "rich", "requests", "stevedore"):
        (project / f"{module}.py").write_text(f"open({str(project / 'ran')!r}, 'w')\n")
    (project / "orders.py").write_text(NOTEBOOK.format(code="eval(digest)"))
    assert places(found("code")) == [("orders.py", 12, "bandit-B307")]
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    run(["audit", "--only", "dependencies"])
    assert not (project / "ran").exists()


def jupyter(*sources: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]})


def skipped(capsys: pytest.CaptureFixture[str], check: str, code: int = 3) -> list[tuple[str, str]]:
    """What the check tells that it has left out: path and reason."""
    assert run(["audit", "--only", check, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert document["checks"] == []
    return [(one["path"], one["reason"]) for one in document["skipped"]]


def test_only_cells_that_are_no_python_are_left_out(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bash, wrong, waits = "%%bash\nrm -rf /", "def (", "await asyncio.sleep(eval(text))"
    accepted = "%%bash\nls  # nosec"
    (project / "lone.ipynb").write_text(jupyter("%%time\nx = 1", bash, wrong, waits, "!ls\nexec(text)", accepted))
    assert skipped(capsys, "code", 7) == [
        ("lone.ipynb", "cell 2 is no Python: %%bash"),
        ("lone.ipynb", "cell 3 is no Python: def ("),
    ]
    assert run(["audit", "--only", "code", "--severity", "medium"]) == 7
    out, err = capsys.readouterr()
    assert [line.split(": ")[1] for line in out.splitlines()] == ["medium bandit-B102", "medium bandit-B307"]
    assert "code: could not look: lone.ipynb: cell 2 is no Python: %%bash" in err


def test_what_is_no_notebook_is_told_and_searched_for_secrets(project: Path, found: Found) -> None:
    (project / "lone.ipynb").write_text(f"{{'cells': '{TOKEN}")
    assert places(found("secrets")) == [("lone.ipynb", 1, "secret")]
    assert found("code", code=3) == []


def test_large_files_are_told_and_not_passed_over(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    large = {".env": "secrets", "lone.ipynb": "code", "jupyter_server_config.py": "settings", "start.sh": "settings"}
    for name in large:
        (project / name).write_text(f"#{' ' * 5_000_000}\n")
    for check in ("secrets", "code", "settings"):
        told = dict(skipped(capsys, check))
        assert {name for name, of in large.items() if of == check} <= told.keys()
        assert set(told.values()) == {"it has 5,000,002 bytes, and at most 5,000,000 are read"}


def test_a_file_that_cannot_be_read_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "start.sh").symlink_to("start.sh")
    ((path, reason),) = skipped(capsys, "settings")
    assert path == "start.sh"
    assert "cannot be read" in reason


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_permissions(project: Path, found: Found) -> None:
    for name, mode in (
        (".env", 0o640),
        (".env.example", 0o644),
        ("tls.key", 0o600),
        ("token", 0o604),
        ("dagster.yaml", 0o646),
    ):
        (project / name).write_text("")
        (project / name).chmod(mode)
    auth = f'dagster.auth = {{type = "bearer", token_file = "{project / "token"}"}}\n'
    (project / "pyproject.toml").write_text(f"[tool.daglab]\n{auth}")
    assert set(places(found("permissions"))) == {
        (".env", None, "readable-secret"), ("token", None, "readable-secret"),
        ("dagster.yaml", None, "writable-config"),
    }  # fmt: skip


def test_open_doors_in_files(project: Path, found: Found) -> None:
    (project / "jupyter_server_config.py").write_text(
        "c = get_config()\nc.ServerApp.token = ''\nc.ServerApp.ip = '::1'\nc.ServerApp.disable_check_xsrf = True\n"
    )
    (project / ".jupyter").mkdir()
    (project / ".jupyter" / "jupyter_server_config.json").write_text('{"ServerApp": {"allow_origin": "*"}}')
    (project / "Dockerfile").write_text('FROM python\nCMD ["dagster-webserver", "-h", "0.0.0.0", "-p", "80"]\n')
    (project / "start.sh").write_text("# marimo edit --no-token\nmarimo edit \\\n  --no-token --host=0.0.0.0 &\n")
    assert doors(found) == {
        ("jupyter_server_config.py", 2, "no-token"), ("jupyter_server_config.py", 4, "no-xsrf"),
        (".jupyter/jupyter_server_config.json", None, "any-origin"), ("Dockerfile", 2, "any-address"),
        ("start.sh", 2, "no-token"), ("start.sh", 2, "any-address"),
    }  # fmt: skip


def test_configuration_below_the_root_and_an_instance_elsewhere(
    project: Path, found: Found, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("instance")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    for path in (
        project / "deploy",
        project / "src/shop/defs/orders",
        project / ".venv",
        project / "node_modules" / "x",
    ):
        path.mkdir(parents=True)
    (project / "deploy" / ".env").write_text("MODE=test\n")
    (project / "deploy" / ".env").chmod(0o644)
    (home / ".env").write_text("MODE=test\n")
    (home / ".env").chmod(0o640)
    for name in (".venv/.env", "node_modules/x/.env"):  # tools' own
        (project / name).write_text("")
        (project / name).chmod(0o644)
    assert set(places(found("permissions"))) == {
        ("deploy/.env", None, "readable-secret"), (str(home / ".env"), None, "readable-secret"),
    }  # fmt: skip
    (project / "src/shop/defs/orders/defs.yaml").write_text(f"type: shop.Orders\nattributes:\n  token: {TOKEN}\n")
    (home / "dagster.yaml").write_text(f"run_launcher:\n  config:\n    token: {TOKEN}\n")
    assert set(places(found("secrets"))) == {
        ("src/shop/defs/orders/defs.yaml", 3, "secret"), (str(home / "dagster.yaml"), 3, "secret"),
    }  # fmt: skip


def test_jupyter_s_folders_of_configuration(
    project: Path, found: Found, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path_factory.mktemp("jupyter")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(own))
    for folder, text in (
        (project / ".jupyter" / "jupyter_server_config.d", '{"IdentityProvider": {"token": ""}}'),
        (own / "jupyter_server_config.d", '{"ServerApp": {"ip": "0.0.0.0"}}'),
    ):
        folder.mkdir(parents=True)
        (folder / "team.json").write_text(text)
    (own / "jupyter_lab_config.py").write_text(
        "c.ServerApp.allow_origin_pat = '.*'\nc.LabApp.allow_origin_pat = 'https://.*[.]shop[.]com'\n"
    )
    assert doors(found) == {
        (".jupyter/jupyter_server_config.d/team.json", None, "no-token"),
        (f"{own}/jupyter_server_config.d/team.json", None, "any-address"),
        (f"{own}/jupyter_lab_config.py", 1, "any-origin"),
    }


PYTHON = """\
import os, subprocess

subprocess.run(["dagster", "dev", "-h", "0.0.0.0"], check=True)
os.system("jupyter lab --ip=0.0.0.0 --IdentityProvider.token=''")
subprocess.Popen(args=["marimo", "edit", "--host", "127.0.0.1"])
print("dagster dev -h 0.0.0.0")
"""


def test_options_in_one_word_tokens_of_the_environment_and_servers_that_python_starts(
    project: Path, found: Found
) -> None:
    (project / "start.sh").write_text("dagster-webserver -h0.0.0.0 -p80\ndagster-webserver -h127.0.0.1\n")
    (project / "Dockerfile").write_text('FROM python\nENV JUPYTER_TOKEN=""\n')
    (project / "Makefile").write_text(
        "lab:\n\tJUPYTER_TOKEN='' jupyter lab\nclosed:\n\tJUPYTER_TOKEN=$$T jupyter lab\n"
    )
    (project / "serve.py").write_text(PYTHON)
    (project / ".github" / "workflows").mkdir(parents=True)
    (project / ".github" / "workflows" / "lab.yml").write_text("env:\n  JUPYTER_TOKEN: ''\n")
    (project / "pod.yaml").write_text(
        "env:\n  - name: JUPYTER_TOKEN\n    value: ''\n  - {name: JUPYTER_TOKEN, value: x}\n"
    )
    assert doors(found) == {
        ("start.sh", 1, "any-address"), ("Dockerfile", 2, "no-token"), ("Makefile", 2, "no-token"),
        ("serve.py", 3, "any-address"), ("serve.py", 4, "any-address"), ("serve.py", 4, "no-token"),
        (".github/workflows/lab.yml", 2, "no-token"), ("pod.yaml", 2, "no-token"),
    }  # fmt: skip


COMPOSE = """\
services:
  lab:
    command:
      - marimo
      - edit
      - --no-token
      - --host
      - 0.0.0.0
  closed: {command: [marimo, edit]}
  divided:
    entrypoint: ["tini", "--", "jupyter", "lab"]
    command:
      - --ServerApp.token=
  shell:
    command: [sh, -c, "sleep 1; dagster-webserver -h 0.0.0.0"]
  # marimo edit --no-token
"""


def test_open_doors_in_yaml(project: Path, found: Found) -> None:
    (project / "compose.yaml").write_text(COMPOSE)
    (project / "deploy").mkdir()
    (project / "deploy" / "job.yml").write_text("script:\n  - |\n    cd lab\n    marimo edit --no-token\n")
    (project / "chart.yaml").write_text("{{ if .Values.open }}\ncommand: marimo edit --no-token\n{{ end }}\n")
    assert doors(found) == {
        ("compose.yaml", 4, "no-token"), ("compose.yaml", 4, "any-address"), ("compose.yaml", 11, "no-token"),
        ("compose.yaml", 15, "any-address"), ("deploy/job.yml", 4, "no-token"), ("chart.yaml", 2, "no-token"),
    }  # fmt: skip


def doors(found: Found) -> set[tuple[str, int | None, str]]:
    """Those of the project's files."""
    return {place for place in places(found("settings")) if not place[0].startswith("process")}


def test_a_token_over_plain_http(project: Path, found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_TOKEN", TOKEN)
    (project / "pyproject.toml").write_text(
        '[tool.daglab.dagster]\nurl = "http://dagster.example.com"\n'
        'auth = {type = "bearer", token_env = "DAGSTER_TOKEN", allow_plain_http = true}\n'
    )
    (finding,) = (one for one in found("settings") if one["code"] == "plain-http")
    assert finding["path"].endswith("pyproject.toml:2")
    assert finding["severity"] == "high"


def test_a_server_that_runs_with_an_open_door(project: Path, found: Found) -> None:
    command = [sys.executable, "-m", "marimo", "edit", "--headless", "--no-token", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            place = (f"process {server.pid}", None, "no-token")
            assert place in places(found("settings"))
        finally:
            server.terminate()


def test_offline_the_advisories_are_not_passed_over(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert run(["audit", "--only", "dependencies", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    (skipped,) = document["skipped"]
    assert "can't be reached" in skipped["reason"]
    assert document["checks"] == []


def test_an_unknown_check_has_a_nearest_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--only", "secret"]) == 2
    assert "secrets" in capsys.readouterr().err
