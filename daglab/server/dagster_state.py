"""Where Dagster stands, as states with cause and remedy: what was asked, what it answered, and what is made of that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from packaging.version import InvalidVersion, Version

from daglab.client import DagsterClient, DagsterStatus
from daglab.client.transport import LostAnswerError
from daglab.dagster_dev import LOG_FILE
from daglab.errors import DaglabError, DagsterConnectionError, DagsterError
from daglab.server.supervisor import Standing

OLDEST = Version("1.12.18")
_LOOK_SECONDS = 5.0


class DagsterSlowError(DagsterConnectionError):
    """Dagster accepts connections and does not answer in time."""

    code = "dagster-slow"


@dataclass(frozen=True)
class Problem:
    """Something that keeps Dagster from being used in full; ``code`` is stable."""

    code: str
    message: str
    remedy: str


async def look_at(client: DagsterClient) -> DagsterStatus:
    """How Dagster is, after five seconds at most.

    Raises:
        DagsterSlowError: it did not answer in this time.
        DagsterError: it cannot be reached, refuses the credentials, or fails.
    """
    try:
        return await asyncio.wait_for(client.status(), _LOOK_SECONDS)
    except (LostAnswerError, asyncio.TimeoutError) as error:
        if isinstance(error, LostAnswerError) and not isinstance(error.__cause__, httpx.TimeoutException):
            raise
        raise DagsterSlowError(
            f"Dagster at {client.address} does not answer in time.",
            remedy="wait if it is loading or overloaded; restart it if it hangs",
        ) from None


def problems(answer: DagsterStatus | DaglabError, standing: Standing) -> list[Problem]:
    """What is wrong, the gravest first; nothing: all is well.

    Args:
        answer: Dagster's, or the error in its place.
        standing: of the Dagster that is supervised here.
    """
    if isinstance(answer, DaglabError):
        return [_unanswered(answer, standing)]
    return list(_answered(answer))


def _unanswered(error: DaglabError, standing: Standing) -> Problem:
    log = LOG_FILE.as_posix()
    if isinstance(error, DagsterError) and standing.state == "starting":
        return Problem("dagster-starting", "Dagster is starting.", f"wait; {log} tells how far it is")
    if isinstance(error, DagsterError) and standing.state == "restarting":
        return Problem("dagster-restarting", f"Dagster died and is started anew.\n{standing.last_words}", f"see {log}")
    if isinstance(error, DagsterError) and standing.state == "failed":
        return Problem(
            "dagster-failed",
            f"Dagster could not be kept alive. Its last words:\n{standing.last_words}",
            "mend what they say, then start it again with POST dagster",
        )
    return Problem(error.code, error.message, error.remedy)


def _answered(status: DagsterStatus) -> Iterator[Problem]:
    if not _supported(status.version):
        yield Problem(
            "dagster-version",
            f"Dagster {status.version} answers at {status.address}; daglab supports {OLDEST} and newer.",
            "upgrade Dagster",
        )
    if not status.locations:
        yield Problem(
            "no-location",
            "Dagster has no code location.",
            "start it in the project's folder, or name the module under [tool.dagster] in pyproject.toml",
        )
    for location in status.locations:
        if location.error is not None:
            yield Problem(
                "location-failed",
                f"The code location {location.name} could not be loaded: {location.error}",
                "correct its code, then reload it",
            )
    if status.launch_problem:
        yield Problem(
            "no-daemon",
            f"{status.launch_problem} Launched runs stay queued.",
            "start Dagster with `dagster dev`, or `dagster-daemon run` beside its web server",
        )


def _supported(version: str) -> bool:
    try:
        parsed = Version(version)
    except InvalidVersion:
        return True  # an odd build: let it try
    return parsed.is_devrelease or parsed >= OLDEST or parsed.epoch > 0
