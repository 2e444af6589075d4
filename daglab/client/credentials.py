"""What tells Dagster, or the proxy before it, who asks: read when needed, renewed when refused, never shown."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from daglab.config_model import Auth

Refresh = Callable[[], "str | Awaitable[str]"]
"""Gives a new token; called when the present one is refused."""


class Credentials:
    """The headers of an authenticated request, by ``dagster.auth``; ``refresh`` replaces a token that is refused."""

    def __init__(self, auth: Auth, refresh: Refresh | None = None) -> None:
        self._auth = auth
        self._refresh = refresh
        self._lock = asyncio.Lock()
        headers = auth.headers()
        # In a closure, where neither repr nor vars nor a traceback that prints attributes finds it.
        self._current: Callable[[], dict[str, str]] = lambda: dict(headers)

    def __repr__(self) -> str:
        return f"Credentials({self._auth.type!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials cannot be pickled")

    async def headers(self) -> dict[str, str]:
        """The headers in force."""
        return self._current()

    async def refresh(self, refused: Mapping[str, str]) -> bool:
        """Renew the headers ``refused``, from the hook or from where they were read; whether they differ now.

        Requests that are refused together renew once.

        Raises:
            ConfigError: the variable, file or keyring holds no token any more.
        """
        async with self._lock:
            if self._current() != dict(refused):
                return True
            token = self._refresh() if self._refresh else None
            token = await token if inspect.isawaitable(token) else token
            headers = await asyncio.to_thread(self._auth.headers, token)  # it may read a file or ask a keyring
            self._current = lambda: dict(headers)
            return headers != dict(refused)
