"""Settings that open a door: servers without a token or on every address, tokens over plain http.

Looked for in configuration files of daglab and Jupyter, in scripts that start servers, and in the command lines of the
servers that this user runs now.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from daglab.audit.command_lines import command_lines
from daglab.audit.project_files import jupyter_files, read_text, scripts, shown
from daglab.audit.report import AuditFinding, Severity, Skipped
from daglab.config import Config
from daglab.dagster_address import is_loopback

_EVERYWHERE = ("0.0.0.0", "::", "*", "")  # noqa: S104 - looked for, not bound to
_LOCAL = "listen on 127.0.0.1, and let a proxy with a login stand before it"


class Door(NamedTuple):
    """One setting that opens a door."""

    severity: Severity
    code: str
    message: str
    remedy: str


_NO_TOKEN = Door("high", "no-token", "{} runs without a token or a password", "leave the token that it makes itself")
_ANY_ADDRESS = Door("medium", "any-address", "{} listens on every address of the machine", _LOCAL)
_ANY_ORIGIN = Door("medium", "any-origin", "{} answers pages of any origin", "name the origins that may ask")
_NO_XSRF = Door("high", "no-xsrf", "{} takes requests that other pages forge", "leave disable_check_xsrf off")


def find(config: Config) -> Iterator[AuditFinding | Skipped]:
    """The open doors, of the project's files and of what runs."""
    yield from _dagster(config)
    yield from dict.fromkeys(_of_files(config.root))
    for place, words in _running():
        for door, server in _command_doors(words):
            yield _found(door, server, place, None)


def _of_files(root: Path) -> Iterator[AuditFinding | Skipped]:
    for path in jupyter_files(root):
        if isinstance(text := read_text(path, root, "settings"), Skipped):
            yield text
            continue
        for name, value, line in _jupyter_settings(path, text):
            if (door := _jupyter_door(name, value)) is not None:
                yield _found(door, "Jupyter", shown(path, root), line)
    for path in scripts(root):
        if isinstance(text := read_text(path, root, "settings"), Skipped):
            yield text
            continue
        for line, words in command_lines(path, text):
            for door, server in _command_doors(words):
                yield _found(door, server, shown(path, root), line)


def _dagster(config: Config) -> Iterator[AuditFinding]:
    address, auth = config.dagster.address, config.dagster.auth
    parts = urlsplit(address)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        place = str(config.origins["dagster.url"])
        if auth.type != "none":
            message, remedy = f"the token for {address} goes over plain http", "use https://"
            yield AuditFinding("settings", "high", "plain-http", place, None, message, remedy)
        else:
            message = f"{address} is asked over plain http and without a login"
            yield AuditFinding(
                "settings", "medium", "plain-http", place, None, message, "use https:// and dagster.auth"
            )


def _jupyter_settings(path: Path, text: str) -> Iterator[tuple[str, Any, int | None]]:
    """``ServerApp.token``, its value and its line: what is set to a constant. Nothing of the file is run."""
    try:
        if path.suffix == ".json":
            for section, values in json.loads(text).items():
                yield from ((f"{section}.{key}", value, None) for key, value in values.items())
            return
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                for target in node.targets:
                    name = ast.unparse(target)
                    if name.startswith("c."):
                        yield name[2:], node.value.value, node.lineno
    except (ValueError, SyntaxError, AttributeError, RecursionError):
        return  # Jupyter doesn't start with it


def _jupyter_door(name: str, value: Any) -> Door | None:
    key = name.rpartition(".")[2]
    if key == "token" and value == "":
        return _NO_TOKEN
    if key == "ip" and value in _EVERYWHERE:
        return _ANY_ADDRESS
    if (key == "allow_origin" and value == "*") or (key == "allow_origin_pat" and _takes_all(value)):
        return _ANY_ORIGIN
    if key == "disable_check_xsrf" and str(value).lower() in ("true", "1"):
        return _NO_XSRF
    return None


def _takes_all(pattern: Any) -> bool:
    """Whether a pattern of origins, as Jupyter applies it, takes those that nobody can have meant."""
    try:
        return all(re.match(pattern, origin) for origin in ("https://a.invalid", "http://0:1"))
    except (TypeError, re.error):
        return False


def _command_doors(words: Sequence[str]) -> Iterator[tuple[Door, str]]:
    """The doors that a command line opens, each with its server."""
    names = {word.rsplit("/", 1)[-1].rsplit(".", 1)[-1] for word in words}
    options = list(_options(words))
    if "marimo" in names and names & {"edit", "run", "new", "tutorial"}:
        yield from ((_NO_TOKEN, "marimo") for name, _ in options if name == "--no-token")
        yield from _addresses(options, ("--host",), "marimo")
        yield from ((_ANY_ORIGIN, "marimo") for name, value in options if name == "--allow-origins" and value == "*")
    if any(name.startswith(("jupyter", "jupyterlab", "notebook")) for name in names):
        for name, value in options:
            if (door := _jupyter_door(name.lstrip("-"), value)) is not None:
                yield door, "Jupyter"
    if "JUPYTER_TOKEN=" in words:
        yield _NO_TOKEN, "Jupyter"
    if names & {"dagster", "dg", "dagster-webserver", "dagster_webserver"}:
        yield from _addresses(options, ("--host", "-h"), "Dagster, which has no login,")


def _addresses(options: Sequence[tuple[str, str]], names: Sequence[str], server: str) -> Iterator[tuple[Door, str]]:
    yield from ((_ANY_ADDRESS, server) for name, value in options if name in names and value in _EVERYWHERE[:3])


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with their values, be they joined by ``=`` or the next word."""
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        if word.startswith("-") and len(word) > 1:
            name, joined, value = word.partition("=")
            yield name, value if joined else after
            if word[1] != "-" and len(word) > 2:  # -h0.0.0.0
                yield word[:2], word[2:]


def _running() -> Iterator[tuple[str, list[str]]]:
    """The command lines of this user's processes."""
    import psutil

    me = psutil.Process().username()
    for process in psutil.process_iter(["pid", "username", "cmdline"]):
        if process.info["username"] == me and process.info["cmdline"]:
            yield f"process {process.info['pid']}", process.info["cmdline"]


def _found(door: Door, server: str, place: str, line: int | None) -> AuditFinding:
    return AuditFinding("settings", door.severity, door.code, place, line, door.message.format(server), door.remedy)
