"""What Dagster pushes: changes of code locations, and the events of a run as they happen."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from daglab.client.documents import instance, runs
from daglab.client.events import RunLogs, fetch_logs, parse_events, require_cursor
from daglab.client.runs import FINAL_STATUSES, fetch_status, unknown_run
from daglab.client.transport import Transport
from daglab.errors import AuthenticationError, DagsterConnectionError, DagsterError

# Dagster speaks the older of the two protocols: connection_init, start, data, stop.
_PROTOCOL = Subprotocol("graphql-ws")
_NOW = "HEAD"  # Dagster's word for the end of a log, which no page of it has as its cursor
_PING = 20.0  # seconds; without pings a Dagster that vanished would never be missed
_LARGEST = 64 * 2**20  # bytes of one message: up to 1,000 events with their metadata
# The library logs the headers of its requests, the credentials among them. A logger that no configuration knows stays
# silent: `dictConfig`, as Jupyter calls it, enables disabled ones.
_silent = logging.Logger("daglab.client.websocket", level=logging.CRITICAL + 1)


@dataclass(frozen=True)
class LocationChange:
    """A change of a code location; ``kind``: LOCATION_UPDATED, _DISCONNECTED, _RECONNECTED or _ERROR."""

    location: str
    kind: str
    message: str


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """Never follow: the credentials could go to another host."""
        return exc


async def watch_locations(transport: Transport) -> AsyncGenerator[LocationChange, None]:
    """Each change, until it is closed; raises DagsterConnectionError when the connection ends."""
    async with aclosing(_subscribe(transport, instance.LOCATION_CHANGES, {})) as answers:
        async for data in answers:
            event = data["locationStateChangeEvents"]["event"]
            yield LocationChange(event["locationName"], event["eventType"], event["message"])


async def watch_run(transport: Transport, run_id: str, cursor: str | None) -> AsyncGenerator[RunLogs, None]:
    """Pages of the log of a run behind ``cursor`` as it grows, up to the event that ends the run.

    Raises:
        NotFoundError: an unknown run.
        ValidationError: the cursor is none of a log.
        DagsterConnectionError: the connection ended; the cursor of the last page continues.
    """
    require_cursor(cursor)
    if await fetch_status(transport, run_id) in FINAL_STATUSES:  # nothing would be pushed behind its end
        has_more = True
        while has_more:
            page = await fetch_logs(transport, run_id, cursor, 1000, "DEBUG")
            yield page
            cursor, has_more = page.cursor, page.has_more
        return
    async with aclosing(_pushed(transport, run_id, cursor)) as pages:
        async for page in pages:
            yield page


async def watch_end(transport: Transport, run_id: str) -> None:
    """Return when Dagster tells that a run ends; never, if it has ended before. Raises as watch_run does."""
    async with aclosing(_pushed(transport, run_id, _NOW)) as pages:
        async for _ in pages:
            pass


async def _pushed(transport: Transport, run_id: str, cursor: str | None) -> AsyncGenerator[RunLogs, None]:
    variables = {"run": run_id, "cursor": cursor}
    async with aclosing(_subscribe(transport, runs.RUN_EVENTS, variables)) as answers:
        async for data in answers:
            page = _page(data["pipelineRunLogs"], run_id)
            yield page
            if any(event.ends_run for event in page.events):  # Dagster leaves the subscription open
                return


def _page(answer: Mapping[str, Any], run_id: str) -> RunLogs:
    kind = answer["__typename"]
    if kind == "PipelineRunLogsSubscriptionSuccess":
        events = tuple(parse_events(answer["messages"]))
        return RunLogs(events, answer["cursor"], answer["hasMorePastEvents"])
    if kind == "PipelineRunLogsSubscriptionFailure" and answer["missingRunId"]:
        raise unknown_run(run_id)
    message = answer.get("message") or f"Dagster answers with {kind}, which daglab does not know."
    raise DagsterError(message, details={"type": kind})


async def _subscribe(
    transport: Transport, document: str, variables: Mapping[str, Any]
) -> AsyncGenerator[Mapping[str, Any], None]:
    try:
        async with await _open(transport) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": {}}))
            start = {"type": "start", "id": "1", "payload": {"query": document, "variables": dict(variables)}}
            await socket.send(json.dumps(start))
            async for message in socket:
                frame = json.loads(message)
                if frame["type"] == "complete":
                    return
                if (data := _data(frame)) is not None:
                    yield data
        raise DagsterConnectionError(f"{transport.address} ended the subscription.", remedy="subscribe again")
    except (OSError, asyncio.TimeoutError, WebSocketException, ValueError, KeyError, TypeError) as error:
        raise DagsterConnectionError(
            f"The subscription to {transport.address} failed ({type(error).__name__}).",
            remedy="look whether Dagster runs, and whether a proxy before it lets websockets through",
        ) from None  # a refused handshake carries the headers of its request


def _data(frame: Mapping[str, Any]) -> Mapping[str, Any] | None:
    kind, payload = frame["type"], frame.get("payload") or {}
    if kind in ("connection_ack", "ka"):
        return None
    if kind == "data" and not payload.get("errors"):
        data: Mapping[str, Any] = payload["data"]
        return data
    errors = payload.get("errors") or [payload]
    message = str(errors[0].get("message", f"message of type {kind}"))
    raise DagsterError(f"Dagster answers to a subscription with an error: {message}", remedy="its log says more")


async def _open(transport: Transport) -> ClientConnection:
    headers = await transport.credentials.headers()
    try:
        return await _connect(transport, headers)
    except InvalidStatus as error:
        status = error.response.status_code
        if status == 401 and await transport.credentials.refresh(headers):
            return await _connect(transport, await transport.credentials.headers())
        if status in (401, 403):
            raise AuthenticationError(
                f"{transport.address} refuses the credentials of a subscription (HTTP {status}).",
                remedy="check dagster.auth in daglab.yaml",
            ) from None
        raise


async def _connect(transport: Transport, headers: Mapping[str, str]) -> ClientConnection:
    return await _Connect(
        f"ws{transport.address.removeprefix('http')}/graphql",
        subprotocols=[_PROTOCOL],
        additional_headers=dict(headers),
        open_timeout=min(transport.timeout, 10),
        ping_interval=_PING,
        ping_timeout=_PING,
        close_timeout=1,
        max_size=_LARGEST,
        proxy=None,
        logger=_silent,
    )
