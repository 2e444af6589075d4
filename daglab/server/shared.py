"""One question to Dagster for all who ask the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_FRESH_SECONDS = 0.5


class SharedQuestions:
    """Whoever asks while a question is under way, or within half a second of its answer, gets the same answer."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, asyncio.Future[Any]] = {}

    async def ask(self, question: Hashable, answer: Callable[[], Awaitable[Answer]]) -> Answer:
        """What ``answer`` returns or raises; ``question`` tells it from all others."""
        asked = self._asked.get(question)
        if asked is None:
            asked = self._asked[question] = asyncio.ensure_future(answer())
            asked.add_done_callback(partial(self._answered, question))
        found: Answer = await asyncio.shield(asked)
        return found

    def forget(self) -> None:
        """Something was changed: ask anew."""
        self._asked = {}

    def _answered(self, question: Hashable, asked: asyncio.Future[Any]) -> None:
        if not asked.cancelled():
            asked.exception()  # nobody may be left to raise it
        asked.get_loop().call_later(_FRESH_SECONDS, self._drop, question, asked)

    def _drop(self, question: Hashable, asked: asyncio.Future[Any]) -> None:
        if self._asked.get(question) is asked:
            del self._asked[question]
