"""``daglab doctor``: each check sees the real thing broken, and what is safe is mended."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import socket
import subprocess
import sysconfig
import threading
import time
import venv
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from daglab.cli import doctor_dagster, doctor_editors, doctor_packages, doctor_project
from daglab.cli.app import run
from daglab.cli.doctor import _look
from daglab.cli.doctor_findings import Finding, Site
from daglab.pair import create_pair
from daglab.pair.backups import list_backups
from daglab.processes import LOOPBACK, free_port
from daglab.scaffold.notebook import render_notebook

ROOT = Path(__file__).resolve().parents[2]
LOOK = """\
import importlib, json
from daglab.cli.doctor import _look
from daglab.cli.doctor_findings import Site
module, _, name = {check!r}.partition(":")
found = _look(getattr(importlib.import_module(module), name), Site())
if {fix}:
    for one in found:
        if one.fix:
            one.fix()
    found = _look(getattr(importlib.import_module(module), name), Site())
print(json.dumps([[one.state, one.message, one.remedy] for one in found]))
"""
Check = Callable[[Site], Iterator[Finding]]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.daglab]\n")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("DAGLAB_DAGSTER__PORT", str(free_port()))
    monkeypatch.setenv("DAGLAB_MARIMO__PORT", str(free_port()))
    return folder


def found(check: Check) -> list[Finding]:
    return _look(check, Site())


def only(check: Check) -> Finding:
    (one,) = found(check)
    return one


def bad(check: Check) -> list[Finding]:
    return [one for one in found(check) if one.state not in ("ok", "skipped")]


def declare(folder: Path, name: str, version: str, *lines: str) -> None:
    """Make the metadata of a distribution, as an installer leaves it."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}")
    (info / "METADATA").write_text("\n".join((*head, *lines)) + "\n")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have a distribution, with its metadata, stand before the others on Python's path."""
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return partial(declare, folder)


def environment(folder: Path, *without: str) -> Path:
    """The Python of a new environment with all that this one has, but for packages whose names begin so."""
    venv.create(folder, symlinks=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(without or ("?",)):
            (Path(paths["purelib"]) / entry.name).symlink_to(entry)
    return folder / "bin" / "python"


def looked(python: Path, check: str, *, fix: bool = False, **variables: str) -> list[list[str]]:
    """What a check sees in another environment."""
    done = subprocess.run(
        [python, "-c", LOOK.format(check=f"daglab.cli.{check}", fix=fix)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return answer


# What is installed


def test_a_python_that_daglab_does_not_support(installed: Callable[..., None]) -> None:
    assert only(doctor_packages.check_python).state == "ok"
    installed("daglab", "0.1.0", "Requires-Python: >=3.99")
    one = only(doctor_packages.check_python)
    assert (one.state, one.message.endswith("which needs >=3.99")) == ("critical", True)


def test_a_requirement_that_is_too_old(installed: Callable[..., None]) -> None:
    assert bad(doctor_packages.check_packages) == []
    installed("marimo", "0.20.0")
    (one,) = bad(doctor_packages.check_packages)
    assert (one.state, one.remedy) == ("critical", 'pip install "marimo>=0.23"')
    assert one.message == "daglab needs marimo>=0.23, and 0.20.0 is installed"


def test_damaged_metadata_are_as_good_as_none(installed: Callable[..., None], tmp_path: Path) -> None:
    with contextlib.suppress(ImportError):  # once imported, it finds distributions for all, and raises its own error
        importlib.import_module("importlib_metadata")
    installed("httpx", "0.28")
    (tmp_path / "installed" / "httpx-0.28.dist-info" / "METADATA").write_text("")
    (one,) = bad(doctor_packages.check_packages)
    assert one.message == "daglab needs httpx>=0.27, and it is not installed"


def test_an_environment_without_dagster_and_jupyter(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv", "dagster", "jupyter", "jupytext", "notebook")
    states = {message: state for state, message, _ in looked(python, "doctor_packages:check_packages")}
    assert states["daglab[dagster] is not installed"] == "warning"
    assert states["daglab[jupyter] is not installed"] == "skipped"
    for check in ("doctor_dagster:check_code_location", "doctor_editors:check_jupyter"):
        ((state, message, remedy),) = looked(python, check)
        assert state == "skipped" and "is not installed" in message and "pip install" in remedy
    assert looked(python, "doctor_dagster:check_notebook_view")[0][0] == "skipped"
    assert looked(python, "doctor_editors:check_jupytext")[0][0] == "skipped"


def test_an_extra_in_part(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv", "jupyter_server_proxy")
    critical = [one for one in looked(python, "doctor_packages:check_packages") if one[0] == "critical"]
    assert [message for _, message, _ in critical] == [
        "daglab[jupyter] needs jupyter-server-proxy>=4.4, and it is not installed"
    ]


@pytest.mark.parametrize(("name", "version"), [("jupytext", "1.18.1"), ("dagstermill", "0.29.27")])
def test_versions_that_do_not_go_together(installed: Callable[..., None], name: str, version: str) -> None:
    assert only(doctor_packages.check_versions).state == "ok"
    installed(name, version)
    (one,) = bad(doctor_packages.check_versions)
    assert one.state == "warning" and one.message.startswith(f"{name} {version} beside ") and one.remedy


def test_parts_of_dagster_of_two_versions(installed: Callable[..., None]) -> None:
    installed("dagster-webserver", "1.12.18", "Requires-Dist: dagster==1.12.18")
    (one,) = bad(doctor_packages.check_versions)
    assert one.state == "critical"
    assert one.message.startswith("dagster-webserver 1.12.18 needs dagster==1.12.18, and ")


def test_every_package_as_pip_check_sees_it(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv", "tornado")
    mine = {
        message.partition(" needs")[0] for state, message, _ in looked(python, "doctor_packages:check_dependencies")
    }
    pip = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True, timeout=60)
    theirs = {" ".join(line.split()[:2]) for line in pip.stdout.splitlines()}
    assert mine == theirs and len(mine) > 3


# The project


def test_a_wrong_configuration_is_told_with_its_line_and_hides_nothing(project: Path) -> None:
    assert only(doctor_project.check_configuration).state == "ok"
    (project / "daglab.yaml").write_text("version: 1\nmarimo:\n  prot: 1\nread_onyl: true\n")
    (project / "pyproject.toml").write_text("")
    messages = [one.message for one in found(doctor_project.check_configuration)]
    assert len(messages) == 2
    assert "daglab.yaml:3: unknown key marimo.prot: did you mean 'port'?" in messages[0]
    assert "daglab.yaml:4: unknown key read_onyl: did you mean 'read_only'?" in messages[1]
    assert Site().root == project
    assert only(doctor_project.check_leftovers).state == "ok"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("daglab.yaml", "version: 1\n", "configured twice"), ("pyproject.toml", "[[[\n", "not valid TOML")],
)
def test_files_that_hide_the_configuration_hide_nothing_else(project: Path, name: str, text: str, said: str) -> None:
    (project / "pyproject.toml").write_text("[tool.daglab]\n")
    (project / name).write_text(text)
    assert said in only(doctor_project.check_configuration).message
    assert Site().root == project
    assert only(doctor_project.check_leftovers).state == "ok"


def test_a_configuration_that_is_no_yaml(project: Path) -> None:
    (project / "daglab.yaml").write_text("a: [\n")
    (project / "pyproject.toml").write_text("")
    assert only(doctor_project.check_configuration).state == "critical"


def test_a_full_disk(project: Path) -> None:
    free = int(only_of_disk().message.split(" GB")[0].replace(".", "")) * 100_000_000
    few = only_of_disk(critical=0, few=free * 10)
    assert few.state == "warning" and "daglab clean" in few.remedy
    assert only_of_disk(critical=free * 10, few=free * 10).state == "critical"


def only_of_disk(**limits: int) -> Finding:
    return found(partial(doctor_project.check_disk, **({"critical": 0, "few": 0} | limits)))[0]


def test_secrets_that_others_can_read(project: Path) -> None:
    secret = project / ".env"
    secret.write_text("TOKEN=x\n")
    secret.chmod(0o644)
    (one,) = bad(doctor_project.check_permissions)
    assert one.state == "warning" and one.remedy == "chmod 600 .env" and one.fix is not None
    one.fix()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert bad(doctor_project.check_permissions) == []


def test_configuration_that_everybody_can_write(project: Path) -> None:
    (project / "pyproject.toml").chmod(0o666)
    (one,) = bad(doctor_project.check_permissions)
    assert one.fix is not None
    one.fix()
    assert (project / "pyproject.toml").stat().st_mode & 0o777 == 0o664


def test_pairs_that_are_not_in_sync(project: Path) -> None:
    for name in ("same", "edited", "fought"):
        (project / f"{name}.py").write_text(render_notebook("blank", name))
        create_pair(project / f"{name}.py")
    assert only(doctor_project.check_pairs).message == "3 in-sync"
    append(project / "edited.py", "x = 1")
    text = (project / "fought.ipynb").read_text()
    append(project / "fought.py", "x = 2")
    append(project / "fought.py", "x = 2")
    cells = json.loads(text)
    code = next(cell for cell in cells["cells"] if cell["cell_type"] == "code")
    code["source"] = ["y = 3"]
    (project / "fought.ipynb").write_text(json.dumps(cells))
    (project / "broken.ipynb").write_text("{")
    (project / "broken.py").write_text(render_notebook("blank", "broken"))
    states = {one.message.partition(":")[0]: one for one in bad(doctor_project.check_pairs)}
    assert {"edited.ipynb", "fought.ipynb", "broken.ipynb"} <= states.keys()
    assert states["edited.ipynb"].message.startswith("edited.ipynb: py-ahead")
    assert states["edited.ipynb"].remedy == "daglab sync edited.ipynb"


def append(py: Path, code: str) -> None:
    cell = f"@app.cell\ndef _():\n    {code}\n    return\n\n\n"
    text = py.read_text()
    py.write_text(text.replace("if __name__ ==", f"{cell}if __name__ ==", 1))


def old(path: Path, text: str) -> Path:
    path.write_text(text)
    os.utime(path, (time.time() - 3_600,) * 2)
    return path


def test_what_killed_writes_left_is_cleared_away_with_a_backup(project: Path) -> None:
    (project / "note.py").write_text(render_notebook("blank", "note"))
    create_pair(project / "note.py")
    ours = old(project / ".note.py.0123abcd.daglab", "what somebody saved\n")
    jupyters = old(project / ".~note.ipynb", "{}")
    fresh = project / ".note.py.0123abce.daglab"
    fresh.write_text("a write that goes on\n")
    left = bad(doctor_project.check_leftovers)
    assert [one.message.split()[0] for one in left] == [ours.name, jupyters.name]
    for one in left:
        assert one.fix is not None
        one.fix()
    assert not ours.exists() and not jupyters.exists()
    assert {backup.path.read_text() for backup in list_backups(project)} >= {"what somebody saved\n", "{}"}
    assert bad(doctor_project.check_leftovers) == []


def test_the_only_whole_copy_is_left_to_its_owner(project: Path) -> None:
    (project / "note.ipynb").write_text('{"cells": [')
    old(project / ".~note.ipynb", "{}")
    one = only(doctor_project.check_leftovers)
    assert one.fix is None and one.remedy == "note.ipynb is damaged or missing: copy .~note.ipynb over it"


# Dagster


def test_an_instance_that_is_missing_is_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = only(doctor_dagster.check_instance)
    assert one.state == "warning" and one.fix is not None
    one.fix()
    assert (project / ".dagster_home" / "dagster.yaml").is_file()
    assert only(doctor_dagster.check_instance) == Finding("ok", str(project / ".dagster_home"))
    monkeypatch.setenv("DAGSTER_HOME", str(project / "gone"))
    assert only(doctor_dagster.check_instance).state == "critical"
    monkeypatch.setenv("DAGSTER_HOME", "gone")
    assert "not an absolute path" in only(doctor_dagster.check_instance).message


def test_an_instance_that_cannot_be_used(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = project / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    home.write_text("")
    assert only(doctor_dagster.check_instance).message == f"{home} is no folder"
    home.unlink()
    home.mkdir()
    (home / "dagster.yaml").write_text("run_queue:\n  max_concurrent_rnus: 3\n")
    one = only(doctor_dagster.check_instance)
    assert one.state == "critical" and "max_concurrent_rnus" in one.message and "dagster.yaml" in one.message
    monkeypatch.setenv("DAGSTER_HOME", "/proc/self")  # nobody can write there, not even root
    assert "cannot be written" in only(doctor_dagster.check_instance).message


def test_a_dagster_that_is_not_there_is_a_warning() -> None:
    one = only(doctor_dagster.check_graphql)
    assert one.state == "warning" and "daglab dev" in one.remedy
    assert only(doctor_dagster.check_daemon).state == only(doctor_dagster.check_locations).state == "skipped"


class Unwelcoming(BaseHTTPRequestHandler):
    status = 401

    def do_POST(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(("status", "says"), [(401, "refuses the credentials"), (200, "not as Dagster does")])
def test_somebody_else_at_dagsters_address(monkeypatch: pytest.MonkeyPatch, status: int, says: str) -> None:
    handler = type("Handler", (Unwelcoming,), {"status": status})
    with HTTPServer((LOOPBACK, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            monkeypatch.setenv("DAGLAB_DAGSTER__PORT", str(server.server_port))
            one = only(doctor_dagster.check_graphql)
            assert one.state == "critical" and says in one.message and one.remedy
        finally:
            server.shutdown()
            thread.join()


def test_a_code_location_that_does_not_load(project: Path) -> None:
    (project / "shop").mkdir()
    (project / "shop" / "__init__.py").touch()
    (project / "shop" / "definitions.py").write_text("import dagster as dg\n\ndefs = dg.Definitions()\n")
    (project / "pyproject.toml").write_text('[tool.dagster]\nmodule_name = "shop.definitions"\n')
    assert only(doctor_dagster.check_code_location) == Finding("ok", "shop.definitions loads: 0 assets")
    (project / "shop" / "definitions.py").write_text("import no_such_module\n")
    one = only(doctor_dagster.check_code_location)
    assert one.state == "critical" and "No module named 'no_such_module'" in one.message


def test_outside_of_a_project_nothing_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for check in (doctor_dagster.check_code_location, doctor_project.check_pairs, doctor_project.check_leftovers):
        assert only(check).state == "skipped"


def test_dagsters_page_without_nbconvert(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv", "nbconvert")
    ((state, _, remedy),) = looked(python, "doctor_dagster:check_notebook_view")
    assert (state, remedy) == ("warning", "pip install nbconvert")


# The editors


def test_a_marimo_that_cannot_be_imported(tmp_path: Path) -> None:
    assert only(doctor_editors.check_marimo).state == "ok"
    python = environment(tmp_path / "venv", "marimo")
    ((state, message, _),) = looked(python, "doctor_editors:check_marimo")
    assert state == "critical" and "No module named 'marimo" in message


def test_a_server_extension_that_is_missing_is_enabled(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")  # it has daglab, and nothing of etc/ and share/
    empty = {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    server, front = looked(python, "doctor_editors:check_jupyter", **empty)
    assert server[:2] == ["critical", "Jupyter doesn't know daglab's server extension"]
    assert front[:2] == ["critical", "JupyterLab doesn't find daglab's front end"]
    server, _ = looked(python, "doctor_editors:check_jupyter", fix=True, **empty)
    assert server[:2] == ["ok", "daglab's server extension is enabled"]
    assert (tmp_path / "venv" / "etc" / "jupyter" / "jupyter_server_config.d" / "daglab.json").is_file()


def test_what_somebody_disabled_stays_so(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    config, share = tmp_path / "config", tmp_path / "share" / "labextensions" / "daglab"
    (config / "labconfig").mkdir(parents=True)
    extensions = {"daglab.server": False, "jupytext": True}
    (config / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": {"jpserver_extensions": extensions}}))
    share.mkdir(parents=True)
    package = {"name": "daglab", "version": "0.0.1", "jupyterlab": {"_build": {"load": "x"}}}
    (share / "package.json").write_text(json.dumps(package))
    there = {"JUPYTER_CONFIG_PATH": str(config), "JUPYTER_PATH": str(tmp_path / "share")}
    server, front = looked(python, "doctor_editors:check_jupyter", fix=True, **there)
    assert server[:2] == ["critical", "daglab's server extension is disabled"]
    assert front[0] == "critical" and front[1].startswith("daglab's front end has the version 0.0.1, and its server ")
    ((state, message, _),) = looked(python, "doctor_editors:check_jupytext", **there)
    assert state == "warning" and "daglab's server extension is off" in message


def test_jupytext_converts_by_daglab() -> None:
    one = only(doctor_editors.check_jupytext)
    assert one.state == "ok", one


def test_ports_that_others_have(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bad(doctor_editors.check_ports) == []
    with socket.create_server((LOOPBACK, 0)) as one, socket.create_server((LOOPBACK, 0)) as two:
        ports = one.getsockname()[1], two.getsockname()[1]
        monkeypatch.setenv("DAGLAB_DAGSTER__PORT", str(ports[0]))
        monkeypatch.setenv("DAGLAB_MARIMO__PORT", str(ports[1]))
        site = Site()
        site.config = site.config.model_copy(
            update={"dagster": site.config.dagster.model_copy(update={"timeout": 0.3})}
        )
        taken = _look(doctor_editors.check_ports, site)
    for port, found_one, program in zip(ports, taken, ("Dagster", "marimo"), strict=True):
        assert found_one.state == "warning"
        assert found_one.message.startswith(f"Port {port} is taken by ")
        assert found_one.message.endswith(f"(process {os.getpid()}), which is not {program}")


# The command


def test_read_only_refuses_to_mend(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text("[tool.daglab]\nread_only = true\n")
    assert run(["doctor", "--fix"]) == 2
    assert "read_only" in capsys.readouterr().err
    assert not (project / ".dagster_home").exists()


def test_a_check_that_fails_is_a_finding(project: Path) -> None:
    def broken(_site: Site) -> Iterator[Finding]:
        yield Finding("ok", "so far")
        raise OSError("gone")

    assert [(one.state, one.message) for one in found(broken)] == [
        ("ok", "so far"),
        ("critical", "the check itself failed: OSError: gone"),
    ]


def test_the_command_mends_and_tells(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".env").write_text("TOKEN=x\n")
    (project / ".env").chmod(0o644)
    code = run(["doctor", "--fix", "--json"])
    told = json.loads(capsys.readouterr().out)
    critical = {one["check"] for one in told["findings"] if one["state"] == "critical"}
    assert critical <= {"jupyter"}  # where the front end is not built
    assert (code, told["ok"]) == ((3, False) if critical else (0, True))
    assert [line.split()[0] for line in told["fixed"]] == ["gave", "made"]
    states = {one["check"]: one["state"] for one in told["findings"]}
    assert states["permissions"] == states["instance"] == "ok"
    assert states["graphql"] == "warning"


def test_nothing_is_mended_while_the_configuration_is_wrong(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pyproject.toml").write_text("[tool.daglab]\nreed_only = true\n")
    few = {"configuration": doctor_project.check_configuration, "instance": doctor_dagster.check_instance}
    monkeypatch.setattr("daglab.cli.doctor._checks", lambda **_: few)  # all of them take seconds
    assert run(["doctor", "--fix"]) == 3
    said = capsys.readouterr()
    assert "✗ critical" in said.out and "pyproject.toml:2: unknown key reed_only" in said.out
    assert "→ mkdir -p" in said.out
    assert "nothing is mended" in said.err
    assert not (project / ".dagster_home").exists()
