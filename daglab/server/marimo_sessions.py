"""The notebooks that are open in marimo, over the API of marimo's own home page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import httpx

from daglab.errors import ProcessError

_SECONDS = 10.0


@dataclass(frozen=True)
class Session:
    """A notebook with its kernel; it stays when the page is closed.

    ``path`` is relative to the Jupyter server's root, with ``/``; None for a notebook that was never saved, or that
    lies elsewhere.
    """

    id: str
    name: str
    path: str | None


class MarimoHome:
    """A client of the marimo at ``url``, which ends in marimo's base URL."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        # trust_env=False: a proxy from the environment has nothing to do with a local child.
        self._http = httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def is_healthy(self) -> bool:
        """Whether anything answers there at all; it is not given the token."""
        request = self._http.build_request("GET", "/health")
        del request.headers["Authorization"]
        try:
            return (await self._http.send(request)).status_code == 200
        except httpx.HTTPError:
            return False

    async def sessions(self) -> list[Session]:
        """The open notebooks, the latest first; raises ProcessError when marimo does not answer."""
        return await self._post("running_notebooks", {})

    async def close_session(self, session: str) -> list[Session]:
        """End the kernel of ``session``; nothing happens where there is none. Answers what stays open.

        Raises ProcessError when marimo does not answer.
        """
        return await self._post("shutdown_session", {"sessionId": session})

    async def _post(self, what: str, body: dict[str, Any]) -> list[Session]:
        try:
            response = await self._http.post(f"/api/home/{what}", json=body)
            response.raise_for_status()
            return [_session(file) for file in response.json()["files"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, RuntimeError) as error:  # RuntimeError: it is closed
            raise ProcessError(
                f"marimo did not say which notebooks are open ({type(error).__name__}).", remedy="try again"
            ) from error


def _session(file: dict[str, Any]) -> Session:
    session, path = str(file["sessionId"]), str(file["path"])
    inside = path != session and not PurePath(path).is_absolute()  # an unsaved notebook's path is its session's id
    return Session(session, str(file["name"]), PurePath(path).as_posix() if inside else None)
