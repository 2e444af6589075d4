"""The workspace as this server knows it: kept up to date for all browsers by one stream of questions to Dagster."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Literal

from daglab.client import DagsterClient, LoadedLocation, Pulse, Run
from daglab.errors import DaglabError, DagsterConnectionError
from daglab.server.events import EventHub
from daglab.server.workspace.graph import EMPTY, AssetGraph
from daglab.server.workspace.listing import Edition, Editions
from daglab.server.workspace.runs import RunFollower
from daglab.server.workspace.states import AssetStates

_RUNNING_SECONDS, _IDLE_SECONDS, _FAILING_SECONDS = 0.5, 1.5, 5.0
"""Between two pulses: while runs are in progress, otherwise, and at most while Dagster fails.

Subscribing to each run's events would be no faster: Dagster itself looks for them in most databases, after up to 16 s.
"""
_FRESH_SECONDS, _RETRY_SECONDS = 2.5, 1.0
_GAP_SECONDS = 30.0
_VISIBLE_SECONDS, _SEEN_FOR_SECONDS = 5.0, 30.0
_ALL_SECONDS, _ALL_SHARE = 10.0, 50
"""All states are asked for again after so many seconds, and so many times as long as it took last."""
_FEW = 500
_REWATCH_SECONDS = 30.0


class Workspace:
    """Locations, asset graph, states and runs of one Dagster.

    Dagster is asked only while somebody listens to events or has asked for something in the last ``linger`` seconds.
    """

    def __init__(self, client: DagsterClient, hub: EventHub, log: logging.Logger, *, linger: float = 15.0) -> None:
        self.graph: AssetGraph = EMPTY
        self.locations: tuple[LoadedLocation, ...] = ()
        self.states = AssetStates(client, hub)
        self._client = client
        self._hub = hub
        self._log = log
        self._linger = linger
        self._runs = RunFollower(client, hub)
        self._editions = Editions()
        self._following: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._completing: asyncio.Task[None] | None = None
        self._nudged = asyncio.Event()
        self._fault: DaglabError | None = None
        self._closed = False
        self._wanting, self._complete_to = 1, 0
        self._loaded: object = None
        self._visible: dict[str, float] = {}
        self._asked_at = self._beat_at = self._needed_at = self._visible_at = self._failed_at = float("-inf")

    def touch(self) -> None:
        """Somebody is here: begin to follow Dagster, or go on.

        Raises DagsterConnectionError when it is closed, because the configuration names another Dagster now.
        """
        if self._closed:
            raise _replaced()
        self._asked_at = time.monotonic()
        if self._following is None or self._following.done():
            if self._asked_at - self._beat_at > _GAP_SECONDS:
                self._wanting += 1  # the next pulse tells of runs that ended meanwhile, but not of all else
            self._following = asyncio.ensure_future(self._follow())

    def see(self, keys: Sequence[str]) -> None:
        """Somebody looks at these assets: ask for their states more often than for all others'."""
        until = time.monotonic() + _SEEN_FOR_SECONDS
        if len(keys) <= _FEW:
            for key in keys:
                self._visible.pop(key, None)  # the latest come last
                self._visible[key] = until

    def expect(self, run: Run) -> None:
        """A run was seen as it is now: whoever asks from now on is told nothing older."""
        if self._runs.note(run):
            self.hurry()

    def hurry(self) -> None:
        """Something has changed in Dagster: ask at once, and answer nothing older from now on."""
        self._needed_at = time.monotonic()
        self._nudged.set()

    async def edition(self, notebooks: Mapping[str, str]) -> Edition:
        """The assets with states that are at most some seconds old, and their notebooks.

        Raises the DaglabError for which they can't be told.
        """
        await self.refresh()
        wanting = self._wanting
        while self._complete_to < wanting:
            await self._outcome(self._complete())
            self.touch()  # that may have taken long
        return self._editions.of(self.graph, self.states, notebooks)

    async def refresh(self) -> None:
        """Have graph and locations be at most some seconds old; raises the DaglabError for which they can't be."""
        self.touch()
        now = time.monotonic()
        if self._fault is not None and now - self._failed_at < _RETRY_SECONDS:
            raise self._fault
        needed = max(self._needed_at, now - _FRESH_SECONDS)
        while self._fault is not None or self._beat_at < needed:
            await self._outcome(self._beat())
        self.touch()

    async def close(self) -> None:
        """Ask nothing any more, whoever still waits or comes."""
        self._closed = True
        tasks = [task for task in (self._following, self._beating, self._completing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _outcome(self, asking: asyncio.Task[None]) -> None:
        """Wait for what others may wait for too."""
        try:
            await asyncio.shield(asking)
        except asyncio.CancelledError:
            if self._closed and asking.cancelled():
                raise _replaced() from None
            raise

    async def _follow(self) -> None:
        watching = asyncio.ensure_future(self._watch())
        failures = 0
        try:
            while self._hub.listened or time.monotonic() - self._asked_at < self._linger:
                self._nudged.clear()
                began = time.monotonic()
                try:
                    await asyncio.shield(self._beat())
                    failures = 0
                except DaglabError:
                    failures += 1  # told by the beat
                except Exception:
                    if not failures:
                        self._log.exception("daglab: following Dagster has failed; it is tried again")
                    failures += 1
                due = max(_ALL_SECONDS, _ALL_SHARE * self.states.took)
                if not failures and (
                    self._complete_to < self._wanting or time.monotonic() - self.states.completed_at > due
                ):
                    self._complete()
                await self._pause(began, failures)
            self._following = None  # whoever comes from now on begins anew
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _pause(self, since: float, failures: int) -> None:
        """Until so many seconds after ``since``, a little in any case, or until somebody is in a hurry."""
        seconds = _RUNNING_SECONDS if self._runs.following else _IDLE_SECONDS
        if failures:
            seconds = min(0.5 * 2 ** min(failures, 10), _FAILING_SECONDS)
        seconds = max(since + seconds - time.monotonic(), _RUNNING_SECONDS / 4)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._nudged.wait(), seconds)

    async def _watch(self) -> None:
        """Hurry when Dagster tells of a location; the pulse would find it too, only later."""
        failures = 0
        while True:
            try:
                async with contextlib.aclosing(self._client.watch_locations()) as changes:
                    async for _ in changes:
                        failures = 0
                        self.hurry()
            except Exception as error:  # the pulse finds what can't be told here
                self._log.debug("daglab: the subscription to code locations ended: %s", error)
            await asyncio.sleep(min(2 ** min(failures, 10), _REWATCH_SECONDS))
            failures += 1

    def _beat(self) -> asyncio.Task[None]:
        if self._closed:
            raise _replaced()
        if self._beating is None or self._beating.done():
            self._beating = asyncio.ensure_future(self._ask())
        return self._beating

    async def _ask(self) -> None:
        began = time.monotonic()
        try:
            pulse = await self._client.pulse()
            await self._load(pulse)
            runs = await self._runs.follow(pulse.runs)
            if any(run.is_final for run in runs):
                self._needed_at = max(self._needed_at, began)  # who hears of an end asks for what it has made
            self._runs.tell(runs)
            await self._refresh(runs)
        except DaglabError as error:
            if self._fault is None:
                self._log.warning("daglab: Dagster can't be followed: %s", error)
                self._hub.publish("locations", {"reachable": False, **error.to_json()})
            self._fault, self._failed_at = error, time.monotonic()
            self._wanting += 1
            raise
        if self._fault is not None:
            self._fault = None
            self._hub.publish("locations", {"reachable": True})
        self._beat_at = began

    async def _load(self, pulse: Pulse) -> None:
        """Take the definitions again where a location is another one than before."""
        if pulse.locations == self._loaded:
            return
        locations = await self._client.locations()
        assets = await self._client.definitions()
        version = tuple(sorted((location.name, location.version) for location in pulse.locations))
        self.graph = await asyncio.to_thread(AssetGraph.of, version, assets)
        self.states.use(self.graph)
        first, self._loaded = self._loaded is None, pulse.locations
        self._wanting += 1
        before, self.locations = {location.name: location for location in self.locations}, tuple(locations)
        if first:
            return
        for location in locations:
            if before.pop(location.name, None) != location:
                told = {"name": location.name, "state": location_state(location), "error": location.error}
                self._hub.publish("locations", told)
        for name in before:
            self._hub.publish("locations", {"name": name, "state": "removed", "error": None})
        self._hub.publish("assets", {"changed": None})

    async def _refresh(self, runs: Sequence[Run]) -> None:
        """Ask for the states that the runs decide, and now and then for those of what is visible."""
        keys: set[str] = set()
        for run in runs:
            made = run.assets or self.graph.made_by_job(run.job_name, run.location)
            decided = self.graph.with_descendants(made) if run.is_final else set(made)
            if len(decided) <= _FEW:
                keys |= decided
            elif run.is_final:  # of a large one in progress, asking for all now and then must do
                self._wanting += 1
        now = time.monotonic()
        if now - self._visible_at > _VISIBLE_SECONDS:
            self._visible_at = now
            self._visible = {key: until for key, until in self._visible.items() if until > now}
            keys |= set(list(self._visible)[-_FEW:])
        if keys:
            await self.states.refresh(keys)

    def _complete(self) -> asyncio.Task[None]:
        if self._closed:
            raise _replaced()
        if self._completing is None or self._completing.done():
            self._completing = asyncio.ensure_future(self._ask_all())
            # Whoever waits for it gets its error; the next one is begun after the next pulse.
            self._completing.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._completing

    async def _ask_all(self) -> None:
        wanting = self._wanting
        await self.states.refresh_all()
        self._complete_to = max(self._complete_to, wanting)


def _replaced() -> DagsterConnectionError:
    return DagsterConnectionError("The configuration of Dagster was changed meanwhile.", remedy="ask again")


def location_state(location: LoadedLocation) -> Literal["loaded", "loading", "error"]:
    """``loaded``, ``loading`` or ``error``."""
    return "error" if location.error else "loading" if location.loading else "loaded"
