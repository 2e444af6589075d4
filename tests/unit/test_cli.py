from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daglab import __version__
from daglab.cli.app import run
from daglab.cli.commands import COMMANDS, CommandEntry
from daglab.cli.output import Output, printable, styled
from daglab.errors import ConfigError, DagsterConnectionError


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A command group in a module of its own, registered as any other."""
    (tmp_path / "trial_commands.py").write_text(
        "import time\n"
        "import typer\n"
        "from daglab.cli.output import JsonOption, Output\n"
        "from daglab.errors import DagsterConnectionError, ExitCode\n"
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def conflict() -> int:\n    return ExitCode.CONFLICT\n"
        "@app.command()\n"
        "def unreachable(as_json: JsonOption = False) -> None:\n"
        "    raise DagsterConnectionError('nothing answers', remedy='daglab dev', details={'port': 1})\n"
        "@app.command()\n"
        "def bug(as_json: JsonOption = False) -> None:\n    {}['missing']\n"
        "@app.command()\n"
        "def wait() -> None:\n"
        "    print('waiting', flush=True)\n    time.sleep(60)\n"
        "@app.command()\n"
        "def slow() -> None:\n"
        "    for _ in Output().counted(range(3), 'syncing'):\n        time.sleep(0.6)\n"
        "    raise DagsterConnectionError('nothing answers')\n"
        "@app.command()\n"
        "def lines() -> None:\n    Output().result(None, (str(n) for n in range(100_000)))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(COMMANDS, "trial", CommandEntry("trial_commands:app", "For this test."))
    return "trial"


def child(*args: str, stderr: int = subprocess.PIPE, **environ: str) -> subprocess.Popen[str]:
    """The command line in a process of its own, with the trial command registered."""
    program = (
        "import sys; from daglab.cli.commands import COMMANDS, CommandEntry; from daglab.cli.app import run\n"
        "COMMANDS['trial'] = CommandEntry('trial_commands:app', '')\n"
        f"sys.exit(run({list(args)!r}))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *filter(None, sys.path)]), **environ},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"daglab {__version__}\n"
    for flag in ("-h", "--help"):
        assert run([flag]) == 0
        out = capsys.readouterr().out
        assert all(f"  {name} " in out and entry.help[:40] in out for name, entry in COMMANDS.items())


def test_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "daglab", "--version"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"daglab {__version__}\n")


def test_without_a_command_the_help_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Commands:" in captured.err


def test_a_typo_suggests_the_nearest_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["confg"]) == 2
    assert "no command 'confg': did you mean 'config'?" in capsys.readouterr().err
    assert run(["confg", "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"] == "usage"
    assert captured.err == ""


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_registered_command_loads_and_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "-h"]) == 0
    assert f"daglab {name}" in capsys.readouterr().out


def test_exit_codes_of_results_and_errors(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "conflict"]) == 8
    capsys.readouterr()
    assert run([command, "unreachable"]) == DagsterConnectionError.exit_code == 5
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: nothing answers\nremedy: daglab dev\n"
    assert run([command, "unreachable", "--json"]) == 5
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out) == {
        "error": {
            "code": "dagster-unreachable",
            "message": "nothing answers",
            "remedy": "daglab dev",
            "details": {"port": 1},
        }
    }


def test_a_bug_keeps_its_traceback_and_is_json_where_asked(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "bug", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"] == "internal"
    assert "KeyError: 'missing'" in captured.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_it_with_their_exit_code(command: str, number: int, code: int) -> None:
    process = child(command, "wait")
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err


def test_a_closed_pipe_is_no_crash(command: str) -> None:
    process = child(command, "lines")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 1
    assert err == ""


def test_config_show(empty_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "daglab.yaml").write_text("dagster:\n  port: 4000\n")
    monkeypatch.setenv("DAGLAB_MARIMO__PORT", "2800")
    assert run(["config", "show", "--origin"]) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = {line.split(" = ")[0]: line.split("  # ")[1] for line in lines}
    assert shown["dagster.port"] == f"{empty_folder / 'daglab.yaml'}:2"
    assert shown["marimo.port"] == "environment DAGLAB_MARIMO__PORT"
    assert shown["read_only"] == "default"
    assert run(["config", "show", "--origin", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["config"]["dagster"]["port"] == 4000
    assert document["origins"]["dagster.port"]["line"] == 2


def test_config_show_prints_no_secret(
    empty_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / "token").write_text("canary-9d1")
    monkeypatch.setenv(
        "DAGLAB_DAGSTER__AUTH", json.dumps({"type": "bearer", "token_file": str(empty_folder / "token")})
    )
    for options in ([], ["--origin"], ["--json"], ["--origin", "--json"]):
        assert run(["config", "show", *options]) == 0
        assert "token_file" in (out := capsys.readouterr().out)
        assert "canary" not in out
    monkeypatch.setenv("DAGLAB_DAGSTER__AUTH", json.dumps({"type": "bearer", "token": "canary-9d1"}))
    assert run(["config", "show", "--json"]) == 2
    said = capsys.readouterr()
    assert "secrets don't belong in it" in said.out
    assert "canary" not in said.out + said.err


def test_wrong_configuration_exits_with_usage(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty_folder / "daglab.yaml").write_text("dagstre: {}\n")
    assert run(["config", "show", "--json"]) == ConfigError.exit_code == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "config"
    assert "did you mean 'dagster'?" in error["message"]


def test_config_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "schema", "--header"]) == 0
    assert "partitions" in json.loads(capsys.readouterr().out)["properties"]
    assert run(["config", "schema"]) == 0
    assert "dagster" in json.loads(capsys.readouterr().out)["properties"]


def test_progress_is_told_only_after_a_second(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    assert list(Output().counted([1, 2], "syncing")) == [1, 2]
    assert capsys.readouterr().err == ""
    for _ in Output().counted(range(4), "syncing"):
        clock[0] += 3
    assert capsys.readouterr().err == "syncing 2/4\nsyncing 4/4\n"
    for _ in Output(quiet=True).counted(range(4), "syncing"):
        clock[0] += 3
    assert capsys.readouterr().err == ""


def on_a_terminal(command: str, **environ: str) -> str:
    """What the slow trial command writes to a real terminal."""
    master, slave = os.openpty()
    process = child(command, "slow", stderr=slave, TERM="xterm", **environ)
    os.close(slave)
    written = b""
    with contextlib.suppress(OSError):  # Linux's answer once the other side is closed
        while chunk := os.read(master, 4096):
            written += chunk
    os.close(master)
    assert process.wait(timeout=30) == DagsterConnectionError.exit_code
    assert process.stdout is not None
    process.stdout.close()
    return written.decode()


def test_a_terminal_gets_colours_and_one_line_of_progress(command: str) -> None:
    written = on_a_terminal(command, NO_COLOR="")
    full, most = "█" * 24, "█" * 16 + "░" * 8
    bars = f"\r\x1b[Ksyncing {most} 2/3\r\x1b[Ksyncing {full} 3/3\r\x1b[K"
    assert f"{bars}\x1b[31merror:\x1b[0m nothing answers" in written
    assert "syncing 1/3" not in written
    assert "\x1b[31m" not in on_a_terminal(command, NO_COLOR="1")


def test_quiet_silences_notes(capsys: pytest.CaptureFixture[str]) -> None:
    Output(quiet=True).note("created")
    Output().note("created", "green")
    assert capsys.readouterr().err == "created\n"


def test_names_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\rc\n\tä") == "a\\x1b[2Jb\\rc\n\tä"


def test_texts_cannot_steer_a_terminal_that_has_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daglab.cli.output.colours", lambda _: True)
    Output().result(None, [f"{styled('new', 'green', sys.stdout)} x = 1  # \x1b]0;title\x07\x1b[2J"])
    assert capsys.readouterr().out == "new x = 1  # \\x1b]0;title\\x07\\x1b[2J\n"


def test_half_a_character_is_json(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    Output(json=True).result({"py": "x = '\ud800'", "ä": 1}, [])
    Output(json=True).event({"py": "\ud800"}, [])
    document, event = capsysbinary.readouterr().out.decode().rsplit("\n", 2)[:2]
    assert json.loads(document) == {"py": "x = '\ud800'", "ä": 1}
    assert json.loads(event) == {"py": "\ud800"}
