"""Answers that are not as Dagster's schema has them: whoever gives them, the error has a name."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

from daglab.errors import DagsterError

Client = TypeVar("Client", bound=type[Any])

_log = logging.getLogger(__name__)


def naming_odd_answers(client: Client) -> Client:
    """Have the methods of a client raise DagsterError where what they were answered can't be read.

    Dagster's answers are read without asking at each place whether it is what the schema says.
    """
    for name, method in vars(client).items():
        if inspect.iscoroutinefunction(method) and not name.startswith("_"):
            setattr(client, name, _named(method))
    return client


def _named(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        answer = method(self, *args, **kwargs)  # wrong arguments are the caller's fault
        try:
            return await answer
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            _log.warning("the answer of %s could not be read", self.address, exc_info=error)
            raise DagsterError(
                f"{self.address} gives an answer that is not as Dagster's are ({type(error).__name__}: {error}).",
                remedy="look whether it is Dagster's at all; if so, report this with its version",
            ) from error

    return call
