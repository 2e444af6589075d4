"""`daglab dev` with a real Dagster, marimo and JupyterLab: ready, told, and ended with nothing left."""

from __future__ import annotations

import html
import json
import os
import random
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from daglab.ports import first_free_port
from daglab.processes import LOOPBACK
from tests.integration.cli.command import Started, Terminal, daglab
from tests.process_trees import argv_of, assert_ended, family
from tests.shapes import assert_shape

MINI_PROJECT = Path(__file__).parents[2] / "mini_project"


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINI_PROJECT, tmp_path / "mini"))


@contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as taken:
        # Not one of the kernel's own choice: its neighbours are what outgoing connections get.
        taken.bind((LOOPBACK, first_free_port(range(random.randrange(20_000, 30_000), 31_000))))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.nightly),
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGKILL, -9, marks=pytest.mark.nightly),
    ],
)
def test_both_answer_and_end_with_it(mini: Path, number: int, status: int) -> None:
    (mini / "variables").write_text("GIVEN=from-the-file\n")
    with listening() as taken:
        arguments = ["dev", "--json", "--port-range", f"{taken}-{taken + 50}", "--env-file", "variables", "--read-only"]
        with Started(*arguments, cwd=mini) as started:
            started.wait_for("Ctrl-C ends both")
            assert started.process.stdout is not None
            ready = started.process.stdout.readline()
            assert_shape(arguments, ready)
            urls = json.loads(ready)["urls"]
            assert str(taken) not in urls["dagster"] + urls["marimo"]
            assert httpx.get(f"{urls['dagster']}/server_info").status_code == 200
            assert httpx.get(urls["marimo"], follow_redirects=True).status_code == 200
            address, _, token = urls["marimo"].partition("?access_token=")
            assert httpx.get(f"{address}/api/status").status_code == 401
            processes = family(started.process.pid)[1:]
            assert len(processes) >= 4
            for one in processes:
                assert token not in " ".join(argv_of(one))
            variables = processes[0].environ()
            assert (variables["GIVEN"], variables["DAGLAB_READ_ONLY"]) == ("from-the-file", "true")
            for log in (mini / ".daglab" / "logs").iterdir():
                assert token not in log.read_text()
            code, _, told = started.end(number)
            assert code == status
            assert token not in told
            assert "from-the-file" not in told
            assert_ended(processes)


@pytest.mark.nightly
def test_marimo_is_opened_at_its_port_and_a_closed_terminal_ends_both(mini: Path) -> None:
    browser = mini / "browser"
    browser.write_text('#!/bin/sh\ncp "${1#file://}" opened.html\n')
    browser.chmod(0o700)
    port = first_free_port(range(random.randrange(20_000, 30_000), 31_000))
    arguments = ("--open", "--marimo-port", str(port), "--log-level", "debug")
    terminal = Terminal("dev", *arguments, cwd=mini, BROWSER=f"{browser} %s")
    terminal.wait_for("Ctrl-C ends both")
    page = (mini / "opened.html").read_text()
    address = html.unescape(page.partition("url=")[2].partition('"')[0])
    assert address.startswith(f"http://127.0.0.1:{port}?access_token=")
    assert httpx.get(address, follow_redirects=True).status_code == 200
    assert "DEBUG" in (mini / ".daglab" / "logs" / "dagster.log").read_text()
    processes = family(terminal.pid)
    os.close(terminal.descriptor)
    os.waitpid(terminal.pid, 0)
    assert_ended(processes)


@pytest.mark.nightly
def test_one_that_dies_ends_the_other_and_is_told(mini: Path) -> None:
    with Started("dev", cwd=mini) as started:
        started.wait_for("Ctrl-C ends both")
        processes = family(started.process.pid)[1:]
        (guard,) = (
            one
            for one in processes
            if one.ppid() == started.process.pid and any("marimo" in part for part in argv_of(one))
        )
        guard.children()[0].kill()
        code, _, told = started.wait()
        assert code == 1
        assert "marimo ended with status" in told
        assert_ended(processes)


def test_a_port_that_was_asked_for_is_taken(mini: Path) -> None:
    with listening() as taken:
        done = daglab("dev", "--dagster-port", str(taken), cwd=mini)
        assert done.returncode == 8
        assert f"Port {taken} is taken by" in done.stderr


@pytest.mark.nightly
def test_ci_tells_definitions_that_do_not_load(mini: Path) -> None:
    (mini / "mini" / "definitions.py").write_text("raise RuntimeError('broken on purpose')\n")
    done = daglab("dev", "--ci", cwd=mini)
    assert done.returncode == 7, done.stderr
    assert "broken on purpose" in done.stderr
    assert "access_token" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--port-range", "9-x"], "no range of two ports"),
        (["--dagster-port", "4000", "--marimo-port", "4000"], "ports are the same"),
        (["--env-file", "none"], "no file none"),
        (["--env-file", sys.executable], "cannot be read"),
        (["--notebook", "none.py"], "no notebook"),
    ],
)
def test_what_cannot_be_meant_is_refused(mini: Path, arguments: list[str], told: str) -> None:
    done = daglab("dev", *arguments, cwd=mini)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_folder_without_a_code_location_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'empty'\n")
    done = daglab("dev", "--lab", cwd=tmp_path)
    assert done.returncode == 2
    assert "[tool.dagster]" in done.stderr
    assert "Traceback" not in done.stderr


OFF = {"daglab.server": False, "jupyterlab": True}
DYING = """\
import os
from jupyter_server.base.handlers import JupyterHandler

class Dies(JupyterHandler):
    def post(self):
        print("the last words", flush=True)
        os._exit(9)

def _load_jupyter_server_extension(server):
    server.web_app.add_handlers(".*", [(server.base_url + "daglab/api/dagster", Dies)])

def _jupyter_server_extension_points():
    return [{"module": "dying"}]
"""


@pytest.mark.parametrize(
    ("extensions", "code", "told"),
    [
        (OFF, 3, "remedy: jupyter server extension enable daglab.server"),
        ({**OFF, "dying": True}, 1, "jupyter ended with status 9"),
    ],
)
def test_lab_without_the_server_extension_or_that_dies_is_told(
    mini: Path, tmp_path: Path, extensions: dict[str, bool], code: int, told: str
) -> None:
    (tmp_path / "dying.py").write_text(DYING)
    config = json.dumps({"ServerApp": {"jpserver_extensions": extensions}})
    (tmp_path / "jupyter_server_config.json").write_text(config)
    there = {
        "JUPYTER_CONFIG_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)]),
    }
    done = daglab("dev", "--lab", "--ci", cwd=mini, **there)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.nightly  # the slowest; the browser tests end one in order
def test_lab_ends_with_its_dagster(mini: Path) -> None:
    with Started("dev", "--lab", "--json", cwd=mini) as started:
        started.wait_for("Ctrl-C ends both")
        assert started.process.stdout is not None
        urls = json.loads(started.process.stdout.readline())["urls"]
        assert httpx.get(f"{urls['dagster']}/server_info").status_code == 200
        assert httpx.get(urls["jupyter"], follow_redirects=True).status_code == 200
        processes = family(started.process.pid)[1:]
        started.process.kill()
        assert_ended(processes)
