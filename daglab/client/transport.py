"""One request to Dagster over HTTP, every way it can fail turned into an error of daglab."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NoReturn

import httpx

from daglab.client.credentials import Credentials
from daglab.errors import AuthenticationError, DagsterConnectionError, DagsterError, ValidationError

_START = "start it with `dagster dev`, or set dagster.url in daglab.yaml"
_CUT = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""What passes when Dagster restarts; a timeout does not, and asking again would add to its load."""
_PAUSES = (0.2, 0.8)
"""Seconds before a query is sent the second and the third time."""
_LARGE = 100_000
"""Bytes of an answer that is read in a thread: whoever shares this event loop must not wait for it."""

_log = logging.getLogger(__name__)


class LostAnswerError(DagsterConnectionError):
    """The request may have reached Dagster, its answer did not come back: whether it took effect is unknown."""

    code = "dagster-answer-lost"


class BusyError(LostAnswerError):
    """A proxy could not reach Dagster, or gave up waiting for it."""

    code = "dagster-busy"


class NotDagsterError(DagsterConnectionError):
    """Somebody answers there, but not as Dagster does."""

    code = "not-dagster"


class FailedAnswerError(DagsterError):
    """Dagster itself fails at what it is asked for; at something else it may not."""


class _Data(dict[str, Any]):
    """An answer's ``data``. Dagster answers every field that it is asked for: whoever leaves one out is no Dagster."""

    def __init__(self, data: Mapping[str, Any], incomplete: DagsterConnectionError) -> None:
        super().__init__(data)
        self._incomplete = incomplete

    def __missing__(self, field: str) -> NoReturn:
        raise self._incomplete


class Transport:
    """A pool of connections to one Dagster; ``repr`` tells its address and nothing of its credentials."""

    def __init__(self, address: str, credentials: Credentials, timeout: float) -> None:
        self.address = address
        self.credentials = credentials
        self.timeout = timeout

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        """Made when it is first used: it reads all certificates of trusted authorities."""
        return httpx.AsyncClient(
            # Dagster's endpoints for reports take exactly this content type
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            follow_redirects=False,  # a redirect could carry the credentials to another host
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"Transport({self.address!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connection to Dagster holds credentials and cannot be pickled")

    async def close(self) -> None:
        """Close the pool."""
        await self._http.aclose()

    async def query(
        self, document: str, variables: Mapping[str, Any] | None = None, *, patient: bool = True
    ) -> dict[str, Any]:
        """Send a query and return the answer's ``data``; asked again, twice, when the connection is cut.

        A query that is not ``patient`` is asked once.

        Raises:
            DagsterConnectionError: nobody answers there, or not a Dagster.
            AuthenticationError: the credentials are refused.
            DagsterError: Dagster answers with errors of its own.
        """
        for pause in _PAUSES if patient else ():
            try:
                return await self._once(document, variables, changes=False)
            except DagsterConnectionError as error:
                if not isinstance(error, BusyError) and not isinstance(error.__cause__, _CUT):
                    raise
                _log.debug("asking %s again: %s", self.address, error.message)
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load, guards nothing
        return await self._once(document, variables, changes=False)

    async def mutate(
        self, document: str, variables: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        """Send ``document`` once and return the answer's ``data``; ``timeout`` in seconds takes the usual one's place.

        Raises:
            LostAnswerError: the request was sent, and no answer came back.
            DagsterConnectionError, AuthenticationError, DagsterError: as for :meth:`query`.
        """
        return await self._once(document, variables, changes=True, timeout=timeout)

    async def _once(
        self, document: str, variables: Mapping[str, Any] | None, *, changes: bool, timeout: float | None = None
    ) -> dict[str, Any]:
        response = await self.post("/graphql", {"query": document, "variables": dict(variables or {})}, timeout=timeout)
        large = len(response.content) > _LARGE
        body = await asyncio.to_thread(json_body, response) if large else json_body(response)
        return self._data(response, body, changes=changes)

    async def post(self, path: str, body: Mapping[str, Any], *, timeout: float | None = None) -> httpx.Response:
        """Post JSON once, and once more with fresh credentials where they exist and the old ones are refused.

        ``timeout`` is as for :meth:`mutate`.

        Raises:
            ValidationError: ``body`` has a value that JSON has no word for.
            LostAnswerError, DagsterConnectionError, AuthenticationError: as for :meth:`mutate`.
        """
        content = encoded(body)
        headers = await self.credentials.headers()
        limits = _limits(timeout or self.timeout)
        response = await self._send(path, content, headers, limits)
        if response.status_code == 401 and await self.credentials.refresh(headers):
            response = await self._send(path, content, await self.credentials.headers(), limits)
        if response.status_code in (401, 403):
            raise AuthenticationError(
                f"{self.address} refuses the credentials (HTTP {response.status_code}).",
                remedy="check dagster.auth in daglab.yaml and the variable, file or keyring that it names",
            )
        return response

    async def _send(
        self, path: str, content: bytes, headers: Mapping[str, str], limits: httpx.Timeout
    ) -> httpx.Response:
        try:
            return await self._http.post(f"{self.address}{path}", content=content, headers=headers, timeout=limits)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise DagsterConnectionError(f"No Dagster answers at {self.address}.", remedy=_START) from _bare(error)
        except httpx.RequestError as error:
            raise LostAnswerError(
                f"{self.address} did not answer ({type(error).__name__}).",
                remedy="look whether Dagster is overloaded, or raise dagster.timeout",
            ) from _bare(error)

    def _data(self, response: httpx.Response, body: Any, *, changes: bool) -> dict[str, Any]:
        stranger = self._stranger(response, changes=changes)
        if not isinstance(body, dict):
            raise stranger
        if errors := body.get("errors"):
            if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
                raise stranger
            messages = [str(error.get("message", error)) for error in errors]
            raise FailedAnswerError(
                f"Dagster answers with an error: {messages[0]}",
                remedy="its log says more; daglab supports Dagster 1.12 and newer",
                details={"errors": messages},
            )
        if "data" not in body:
            raise stranger
        data = body["data"]
        if not isinstance(data, dict):
            raise DagsterError("Dagster's answer has no data.", remedy="its log says more")
        return _Data(data, stranger)

    def _stranger(self, response: httpx.Response, *, changes: bool) -> DagsterConnectionError:
        status = response.status_code
        message = f"{self.address} answers (HTTP {status}), but not as Dagster does."
        if status in (429, 502, 503, 504):
            return BusyError(message, remedy="look whether Dagster runs behind the proxy")
        if status >= 500 or (
            changes and response.content[:100].lstrip().startswith(b"{")
        ):  # it may have done what was asked
            return LostAnswerError(message, remedy="its log, or that of a proxy before it, says more")
        return NotDagsterError(message, remedy=_START)


def _limits(timeout: float) -> httpx.Timeout:
    return httpx.Timeout(timeout, connect=min(timeout, 5.0))


def json_body(response: httpx.Response) -> Any:
    """The JSON of an answer; None where it has none."""
    try:
        return response.json()
    except ValueError:
        return None


def encoded(body: Mapping[str, Any], *, sorted_keys: bool = False) -> bytes:
    """``body`` as JSON; raises ValidationError for a value that JSON has no word for."""
    try:
        return json.dumps(
            body, ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=sorted_keys
        ).encode()
    except (TypeError, ValueError, RecursionError) as error:  # lone surrogates among them
        raise ValidationError(
            f"What was to be sent to Dagster is no JSON: {error}.",
            remedy="use strings, finite numbers, lists, mappings",
        ) from error


def _bare(error: httpx.RequestError) -> httpx.RequestError:
    """The error without its request, whose headers hold the credentials."""
    error.request = httpx.Request("POST", error.request.url)
    return error


def member(
    result: Mapping[str, Any], wanted: str, known: Mapping[str, Callable[[str], DagsterError]] | None = None
) -> Any:
    """The union member ``wanted``; the others raise what ``known`` makes of their message, or DagsterError.

    A member that no version of Dagster known to daglab has is a DagsterError as well, and named.
    """
    if not isinstance(result, dict) or "__typename" not in result:
        raise DagsterError("Dagster's answer lacks what was asked for.", remedy="look whether it is Dagster's at all")
    kind = result["__typename"]
    if kind == wanted:
        return result
    message = str(result.get("message") or f"Dagster answers with {kind}, which daglab does not know.").strip()
    if known and kind in known:
        raise known[kind](message)
    if kind == "UnauthorizedError":
        raise AuthenticationError(message, remedy="ask for the permission in Dagster", details={"type": kind})
    raise DagsterError(message, details={"type": kind})
