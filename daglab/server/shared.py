"""One question to Dagster for all who ask the same at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_FRESH_SECONDS = 0.5
_KEPT = 200


class SharedQuestions:
    """Answers half a second old are given again; whoever asks while the question is under way waits for its answer."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, tuple[float, asyncio.Future[Any]]] = {}

    async def ask(self, question: Hashable, answer: Callable[[], Awaitable[Answer]]) -> Answer:
        """What ``answer`` returns or raises; ``question`` tells it from all others."""
        now = time.monotonic()
        began, asked = self._asked.get(question, (float("-inf"), None))
        if asked is None or (asked.done() and now - began > _FRESH_SECONDS):
            asked = asyncio.ensure_future(answer())
            asked.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to raise it
            self._forget(now)
            self._asked[question] = now, asked
        found: Answer = await asyncio.shield(asked)
        return found

    def forget(self) -> None:
        """Something was changed: ask anew."""
        self._asked = {}

    def _forget(self, now: float) -> None:
        if len(self._asked) >= _KEPT:
            old = [q for q, (began, asked) in self._asked.items() if asked.done() and now - began > _FRESH_SECONDS]
            for question in old:
                del self._asked[question]
