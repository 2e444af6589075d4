"""What is installed: Python, daglab's requirements and extras, versions that don't go together."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from daglab.cli.doctor_findings import Finding, Site, State, installed

_MAIN = {"dagster": "dagster", "jupyter": "jupyter-server"}
"""Extras that daglab is made for, and the packages that tell that they are meant to be there."""
KNOWN_BAD = (
    (
        "jupytext<1.19",
        "daglab",
        "jupytext learned py:marimo in 1.19, and refuses notebooks that `daglab pair --jupytext` made",
        'pip install "jupytext>=1.19"',
    ),
    (
        "dagstermill",
        "jupyter-client>=8",  # https://github.com/dagster-io/dagster/pull/11901
        "runs of dagstermill's notebooks hang",
        "install dagstermill into an environment of its own",
    ),
)
"""Two requirements that are not to be met at once, why, and what to do."""


def check_python(_site: Site) -> Iterator[Finding]:
    """The version of Python, against the one that daglab's metadata ask for."""
    running, wanted = platform.python_version(), _metadata("daglab", "Requires-Python")[0]
    if SpecifierSet(wanted).contains(running, prereleases=True):
        yield Finding("ok", f"Python {running}")
    else:
        yield Finding(
            "critical", f"Python {running} runs daglab, which needs {wanted}", "make an environment with such a Python"
        )


def check_packages(_site: Site) -> Iterator[Finding]:
    """daglab's requirements, and those of its extras."""
    unmet = list(_unmet("daglab"))
    for requirement, version in unmet:
        yield _unmet_finding("critical", "daglab", requirement, version)
    if not unmet:
        yield Finding("ok", f"daglab {installed('daglab')} has all that it requires")
    for extra in _metadata("daglab", "Provides-Extra"):
        if extra == "all":
            continue  # it is made of others
        wanted = list(_requirements("daglab", extra))
        unmet = list(_unmet("daglab", extra))
        name = f"daglab[{extra}]"
        if installed(_MAIN.get(extra, wanted[0].name)) is None:
            state: State = "warning" if extra == "dagster" else "skipped"
            yield Finding(state, f"{name} is not installed", f'pip install "{name}"')
            continue
        for requirement, version in unmet:
            yield _unmet_finding("critical" if extra in _MAIN else "warning", name, requirement, version)
        if not unmet:
            versions = ", ".join(f"{requirement.name} {installed(requirement.name)}" for requirement in wanted)
            yield Finding("ok", f"{name}: {versions}")


def check_versions(_site: Site) -> Iterator[Finding]:
    """Versions that are known not to go together."""
    fine = True
    for first, second, why, remedy in KNOWN_BAD:
        both = [Requirement(first), Requirement(second)]
        if all(_meets(requirement, installed(requirement.name)) for requirement in both):
            fine = False
            here = " beside ".join(f"{requirement.name} {installed(requirement.name)}" for requirement in both)
            yield Finding("warning", f"{here}: {why}", remedy)
    for name in _all_installed():
        if name.startswith("dagster"):  # its parts are released together, and speak to each other
            for requirement, version in _unmet(name):
                if requirement.name.startswith("dagster"):
                    fine = False
                    yield _unmet_finding("critical", f"{name} {installed(name)}", requirement, version)
    if fine:
        yield Finding("ok", "no versions that are known not to go together")


def check_dependencies(_site: Site) -> Iterator[Finding]:
    """The requirements of every installed distribution: what ``pip check`` tells, also where there is no pip."""
    names = _all_installed()
    fine = True
    for name in names:
        for requirement, version in _unmet(name):
            fine = False
            yield _unmet_finding("warning", f"{name} {installed(name)}", requirement, version)
    if fine:
        yield Finding("ok", f"{len(names)} packages have all that they require")


def dagster_versions() -> SpecifierSet:
    """The versions of Dagster that daglab supports."""
    return next(one.specifier for one in _requirements("daglab", "dagster") if one.name == "dagster")


def _metadata(name: str, field: str) -> list[str]:
    return metadata.metadata(name).get_all(field) or []


def _all_installed() -> list[str]:
    return sorted({canonicalize_name(_name(one)) for one in metadata.distributions()} - {""})


def _name(distribution: metadata.Distribution) -> str:
    try:
        return distribution.metadata["Name"] or ""
    except (KeyError, OSError):  # damaged
        return ""


def _requirements(name: str, extra: str = "") -> Iterator[Requirement]:
    """A distribution's own requirements, or those that ``extra`` adds."""
    for text in metadata.requires(name) or ():
        requirement = Requirement(text)
        marker = requirement.marker
        always = marker is None or marker.evaluate({"extra": ""})
        if always if not extra else not always and marker is not None and marker.evaluate({"extra": extra}):
            yield requirement


def _unmet(name: str, extra: str = "") -> Iterator[tuple[Requirement, str | None]]:
    """The requirements that are not met, with the version that is there."""
    for requirement in _requirements(name, extra):
        version = installed(requirement.name)
        if not _meets(requirement, version):
            yield requirement, version


def _meets(requirement: Requirement, version: str | None) -> bool:
    try:
        return version is not None and requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _unmet_finding(state: State, who: str, requirement: Requirement, version: str | None) -> Finding:
    wanted = f"{requirement.name}{requirement.specifier}"
    there = "it is not installed" if version is None else f"{version} is installed"
    return Finding(state, f"{who} needs {wanted}, and {there}", f'pip install "{wanted}"')
