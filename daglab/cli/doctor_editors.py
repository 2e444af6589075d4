"""The editors: marimo; Jupyter with daglab's server extension and front end; jupytext; and the ports that they take."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from daglab import __version__
from daglab.cli.doctor_findings import Finding, Heard, Site, ask_python, installed
from daglab.errors import ProcessError

_EXTENSION = "daglab.server"
_AGAIN = "pip install --force-reinstall --no-deps daglab"
_USE_MARIMO = """\
import daglab.marimo_api, daglab.marimo_graph, daglab.marimo_parser, daglab.marimo_run, marimo
print(marimo.__version__)
"""
_NO_JUPYTER = Finding("skipped", "Jupyter is not installed", 'pip install "daglab[jupyter]"')


def check_marimo(_site: Site) -> Iterator[Finding]:
    """marimo can be imported, and has what daglab uses of it."""
    try:
        version = ask_python("-c", _USE_MARIMO).strip()
    except ProcessError as error:
        there = f"marimo {installed('marimo')}"
        yield Finding("critical", f"{there} cannot be used: {error.message}", "pip install -U marimo daglab")
    else:
        yield Finding("ok", f"marimo {version}")


def check_jupyter(site: Site) -> Iterator[Finding]:
    """daglab's server extension is enabled and can be imported, and its front end is of the same version."""
    if installed("jupyter-server") is None:
        yield _NO_JUPYTER
        return
    yield _server_extension(site)
    if installed("jupyterlab") is not None:
        yield _front_end(site.jupyter)


def check_jupytext(site: Site) -> Iterator[Finding]:
    """jupytext's contents manager, which converts each notebook that it is asked for, does it by daglab."""
    if (version := installed("jupytext")) is None:
        yield Finding("skipped", "jupytext is not installed: nothing else writes pairs")
        return
    if installed("jupyter-server") is None:
        yield _NO_JUPYTER
        return
    seen = site.jupyter
    extensions = seen["extensions"]
    if not (extensions.get("jupytext") or extensions.get("jupyterlab_jupytext")):
        yield Finding("ok", f"jupytext {version}; its contents manager is off")
    elif not extensions.get(_EXTENSION):
        message = f"jupytext {version} converts notebooks in Jupyter, and daglab's server extension is off"
        yield Finding("warning", message, f"jupyter server extension enable {_EXTENSION}")
    elif not seen["jupytext"]:
        message = f"jupytext {version} converts marimo notebooks by itself, and may lose what daglab keeps"
        yield Finding("warning", message, "pip install -U daglab jupytext, or uninstall jupytext")
    else:
        yield Finding("ok", f"jupytext {version} converts marimo notebooks by daglab")


def check_ports(site: Site) -> Iterator[Finding]:
    """The ports where Dagster and marimo are to be are free, or theirs."""
    from daglab.dagster_address import is_loopback

    address = urlsplit(site.config.dagster.address)
    if isinstance(site.dagster, Heard):
        yield Finding("ok", f"Dagster is at {site.config.dagster.address}")
    elif is_loopback(address.hostname or "") and address.port:
        yield _port(address.port, "Dagster", "dagster.port")
    else:
        yield Finding("skipped", f"{site.config.dagster.address} is no port of this machine")
    port = site.config.marimo.port
    if _is_marimo(port):
        yield Finding("ok", f"marimo is at port {port}")
    else:
        yield _port(port, "marimo", "marimo.port")


def _server_extension(site: Site) -> Finding:
    seen = site.jupyter
    if seen["error"]:
        message = f"daglab's server extension cannot be imported: {seen['error']}"
        return Finding("critical", message, 'pip install -U "daglab[jupyter]"')
    if seen["extensions"].get(_EXTENSION):
        return Finding("ok", "daglab's server extension is enabled")
    if _EXTENSION in seen["extensions"]:  # somebody has switched it off, and may have had a reason
        remedy = f"jupyter server extension enable {_EXTENSION}"
        return Finding("critical", "daglab's server extension is disabled", remedy)
    message = "Jupyter doesn't know daglab's server extension"
    return Finding("critical", message, f"`daglab doctor --fix`, or {_AGAIN}", partial(_enable, site))


def _enable(site: Site) -> str:
    """Write what daglab's wheel brings: Jupyter's own command only enables what it knows already."""
    path = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d", "daglab.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        json.dump({"ServerApp": {"jpserver_extensions": {_EXTENSION: True}}}, file)
    site.forget_jupyter()
    return f"enabled daglab's server extension in {path}"


def _front_end(seen: dict[str, Any]) -> Finding:
    again = f"{_AGAIN}; then reload the browser's page"
    if seen["front_end"] is None:
        return Finding(
            "critical", "JupyterLab doesn't find daglab's front end", _AGAIN + "; then reload the browser's page"
        )
    if seen["front_end"] != __version__:
        message = f"daglab's front end has the version {seen['front_end']}, and its server {__version__}"
        return Finding("critical", message, again)
    if seen["disabled"]:
        return Finding("critical", "daglab's front end is disabled", "jupyter labextension enable daglab")
    return Finding("ok", f"daglab's front end {__version__} is enabled")


def _port(port: int, program: str, key: str) -> Finding:
    from daglab.ports import PortTakenError, first_free_port

    try:
        first_free_port([port])
    except PortTakenError as error:
        remedy = f"end it, or set {key} to another port; `daglab dev` takes the next free one"
        return Finding("warning", f"{error.message.rstrip('.')}, which is not {program}", remedy)
    return Finding("ok", f"port {port} is free for {program}")


def _is_marimo(port: int) -> bool:
    import httpx

    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/health", timeout=2, trust_env=False)
        return answer.status_code == 200 and answer.json() == {"status": "healthy"}
    except (httpx.HTTPError, ValueError):
        return False
