"""One GraphQL request to Dagster over HTTP, every way it can fail turned into an error of daglab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from daglab.errors import AuthenticationError, DagsterConnectionError, DagsterError

_START = "start it with `dagster dev`, or set dagster.url in daglab.yaml"


class LostAnswerError(DagsterConnectionError):
    """The request may have reached Dagster, its answer did not come back: whether it took effect is unknown."""

    code = "dagster-answer-lost"


class Transport:
    """A pool of connections to one Dagster; ``repr`` tells its address and nothing of its credentials."""

    def __init__(self, address: str, headers: Mapping[str, str], timeout: float) -> None:
        self.address = address
        self._http = httpx.AsyncClient(
            headers={**headers, "Accept": "application/json"},
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            follow_redirects=False,  # a redirect could carry the credentials to another host
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"Transport({self.address!r})"

    async def close(self) -> None:
        """Close the pool."""
        await self._http.aclose()

    async def execute(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send ``document`` and return the answer's ``data``.

        Raises:
            DagsterConnectionError: nobody answers there, or not a Dagster.
            LostAnswerError: the request was sent, and no answer came back.
            AuthenticationError: the credentials are refused.
            DagsterError: Dagster answers with errors of its own.
        """
        try:
            response = await self._http.post(
                f"{self.address}/graphql", json={"query": document, "variables": dict(variables or {})}
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise DagsterConnectionError(f"No Dagster answers at {self.address}.", remedy=_START) from error
        except httpx.HTTPError as error:
            raise LostAnswerError(
                f"{self.address} did not answer ({type(error).__name__}).",
                remedy="look whether Dagster is overloaded, or raise dagster.timeout",
            ) from error
        return self._data(response)

    def _data(self, response: httpx.Response) -> dict[str, Any]:
        if response.status_code in (401, 403):
            raise AuthenticationError(
                f"{self.address} refuses the credentials (HTTP {response.status_code}).",
                remedy="check dagster.auth in daglab.yaml and the variable or file that it names",
            )
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or not body.keys() & {"data", "errors"}:
            raise DagsterConnectionError(
                f"{self.address} answers (HTTP {response.status_code}), but not as Dagster does.", remedy=_START
            )
        if errors := body.get("errors"):
            messages = [str(error.get("message", error)) for error in errors]
            raise DagsterError(
                f"Dagster answers with an error: {messages[0]}",
                remedy="its log says more; daglab supports Dagster 1.12 and newer",
                details={"errors": messages},
            )
        data = body["data"]
        if not isinstance(data, dict):
            raise DagsterError("Dagster's answer has no data.", remedy="its log says more")
        return data


def member(result: Mapping[str, Any], wanted: str) -> Mapping[str, Any]:
    """The union member ``wanted``; any other one, known or not, is raised as DagsterError."""
    kind = result["__typename"]
    if kind == wanted:
        return result
    message = result.get("message") or f"Dagster answers with {kind}, which daglab does not know."
    raise DagsterError(str(message).strip(), details={"type": kind})
