"""Dagster: its instance, its web server, its daemon, its code locations, and the project's own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from importlib.util import find_spec
from tempfile import TemporaryFile

from packaging.version import InvalidVersion, Version

from daglab.cli.doctor_findings import Finding, Heard, Site, ask_python
from daglab.errors import DaglabError, DagsterConnectionError, ProcessError

_SILENT = 100.0  # seconds; a daemon tells each 30 s that it is alive
_SLOW = 1.0  # seconds for one small question
_LOADING = 60.0  # seconds
_NOT_HEARD = Finding("skipped", "Dagster does not answer")
_NO_DAGSTER = Finding("skipped", "Dagster is not installed", 'pip install "daglab[dagster]"')
_READ_SETTINGS = """\
import sys
from dagster._core.instance.ref import InstanceRef  # reads and validates dagster.yaml, and opens no storage
try:
    InstanceRef.from_dir(sys.argv[1])
except Exception as error:
    print(str(error).strip() or type(error).__name__)
"""


def check_instance(site: Site) -> Iterator[Finding]:
    """The instance's folder is there, can be written, and Dagster understands its dagster.yaml."""
    home = site.project.dagster_home
    if not home.is_dir():
        if home.exists():
            yield Finding("critical", f"{home} is no folder", "set DAGSTER_HOME to a folder")
            return

        def make() -> str:
            return f"made {site.project.ensure_dagster_home()}"

        named = bool(os.environ.get("DAGSTER_HOME", "").strip())
        what = "DAGSTER_HOME does not exist" if named else "the project has no Dagster instance yet"
        yield Finding("critical" if named else "warning", f"{what}: {home}", f"mkdir -p {home}", make)
        return
    try:
        with TemporaryFile(dir=home):
            pass
    except OSError as error:
        remedy = "make it writable for you, or set DAGSTER_HOME to another folder"
        yield Finding("critical", f"{home} cannot be written: {error.strerror}", remedy)
        return
    if find_spec("dagster") is None:
        yield _NO_DAGSTER
        return
    if said := ask_python("-c", _READ_SETTINGS, str(home)).strip():
        yield Finding("critical", f"{home / 'dagster.yaml'}: {said}", "correct it; Dagster does not start with it")
        return
    yield Finding("ok", f"{home}")


def check_graphql(site: Site) -> Iterator[Finding]:
    """Dagster answers, in good time, lets us in, and has a version that daglab supports."""
    from daglab.cli.doctor_packages import dagster_versions

    heard = site.dagster
    if isinstance(heard, DaglabError):
        # A subclass says that somebody is there, and what is wrong with the answer.
        away = type(heard) is DagsterConnectionError
        remedy = "start it with `daglab dev`, or set dagster.url in daglab.yaml" if away else heard.remedy
        yield Finding("warning" if away else "critical", heard.message, remedy)
        return
    status, latency = heard.status, heard.latency
    wanted = dagster_versions()
    if not _supported(status.version):
        message = f"Dagster {status.version} answers at {status.address}, and daglab needs {wanted}"
        yield Finding("critical", message, f'pip install "dagster{wanted}" where it runs')
        return
    message = f"Dagster {status.version} answers at {status.address} within {latency * 1_000:.0f} ms"
    if latency > _SLOW:
        yield Finding("warning", message, "look whether it is overloaded, or the way to it is slow")
    else:
        yield Finding("ok", message)


def check_daemon(site: Site) -> Iterator[Finding]:
    """Launched runs will start."""
    heard = site.dagster
    remedy = "start Dagster with `daglab dev`, or `dagster-daemon run` beside its web server"
    if not isinstance(heard, Heard):
        yield _NOT_HEARD
    elif problem := heard.status.launch_problem:
        yield Finding("critical", f"{problem} Launched runs stay queued.", remedy)
    elif (last := heard.status.last_heartbeat) is not None and (silent := time.time() - last) > _SILENT:
        message = (
            f"Dagster's daemon was heard {silent / 60:.0f} min ago for the last time: if it has died, runs stay queued"
        )
        yield Finding("warning", message, remedy)
    else:
        yield Finding("ok", "launched runs will start")


def check_locations(site: Site) -> Iterator[Finding]:
    """The code locations of the Dagster that runs."""
    heard = site.dagster
    if not isinstance(heard, Heard):
        yield _NOT_HEARD
        return
    if not heard.status.locations:
        remedy = "start it in the project's folder, or name the module under [tool.dagster] in pyproject.toml"
        yield Finding("critical", "Dagster has no code location", remedy)
    for location in heard.status.locations:
        if location.error is not None:
            message = f"Dagster could not load {location.name}: {location.error}"
            yield Finding("critical", message, "correct its code, then reload it")
        elif location.loading:
            yield Finding("warning", f"{location.name} is still loading", "wait, and look again")
        else:
            yield Finding("ok", f"Dagster has loaded {location.name}")


def check_code_location(site: Site) -> Iterator[Finding]:
    """The project's own code location loads, in a process of its own."""
    from daglab.runs.code_location import loadable, probe

    if not site.is_project:
        yield Finding("skipped", f"{site.root} is no project", "work in a project's folder, or make one: `daglab init`")
    elif find_spec("dagster") is None:
        yield _NO_DAGSTER
    else:
        target = loadable(site.root)
        outcome = probe(target, [], site.root, _LOADING)
        shown = "the notebooks" if target == str(site.root) else target
        if (error := outcome.get("error")) is not None:
            yield Finding("critical", f"{shown} cannot be loaded: {error}", "`daglab check --load` looks closer")
        else:
            yield Finding("ok", f"{shown} loads: {len(outcome['keys'])} assets")


def check_notebook_view(_site: Site) -> Iterator[Finding]:
    """nbconvert, without which Dagster's own page shows no executed notebook."""
    if find_spec("dagster_webserver") is None:
        yield Finding("skipped", "Dagster's web server is not installed here")
    elif find_spec("nbconvert") is None:
        yield Finding("warning", "Dagster can't show executed notebooks without nbconvert", "pip install nbconvert")
    else:
        try:
            version = ask_python("-c", "import nbconvert; print(nbconvert.__version__)").strip()
        except ProcessError as error:
            yield Finding("warning", f"nbconvert cannot be imported: {error.message}", "pip install -U nbconvert")
        else:
            yield Finding("ok", f"nbconvert {version}")


def _supported(version: str) -> bool:
    from daglab.cli.doctor_packages import dagster_versions

    try:
        return dagster_versions().contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True  # an odd build: let it try
