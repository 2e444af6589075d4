"""What each method of a handler takes and answers, declared once: requests are checked by it, and OpenAPI tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from daglab.errors import DaglabError
from daglab.server.models import Query

Method = TypeVar("Method", bound=Callable[..., Any])
_ATTRIBUTE = "daglab_operation"


@dataclass(frozen=True)
class Operation:
    """One method of one resource.

    ``answers`` maps the status of each good answer to its model, to the names of other media types, or to None for
    an empty one. ``errors`` are the errors that the method's own work raises; those that any request may lead to
    are not repeated. ``action`` is what the Authorizer is asked about: ``read``, ``write`` or ``execute``.
    """

    summary: str
    action: str
    answers: Mapping[int, type[BaseModel] | str | None]
    query: type[Query] | None = None
    body: type[BaseModel] | None = None
    errors: tuple[type[DaglabError], ...] = ()


def operation(
    summary: str,
    *,
    action: str,
    answers: Mapping[int, type[BaseModel] | str | None],
    query: type[Query] | None = None,
    body: type[BaseModel] | None = None,
    errors: tuple[type[DaglabError], ...] = (),
) -> Callable[[Method], Method]:
    """Declare the decorated method of a handler to be this :class:`Operation`."""

    def declare(method: Method) -> Method:
        setattr(method, _ATTRIBUTE, Operation(summary, action, answers, query, body, errors))
        return method

    return declare


def operation_of(handler: type[Any], method: str) -> Operation | None:
    """The operation behind an HTTP method of ``handler``; None where it has none."""
    name = "get" if method == "HEAD" else method.lower()
    found = getattr(getattr(handler, name, None), _ATTRIBUTE, None)
    return found if isinstance(found, Operation) else None


@dataclass(frozen=True)
class Route:
    """A resource: its path below ``daglab/api/`` as OpenAPI writes it, its handler, and the pattern of each parameter.

    ``assets/{key}`` with ``{"key": ".+"}`` takes ``assets/sales/orders`` and ``assets/sales%2Forders`` alike.
    """

    path: str
    handler: type[Any]
    patterns: Mapping[str, str] = field(default_factory=dict)

    @property
    def regex(self) -> str:
        """The path as Tornado matches it."""
        pattern = self.path.replace(".", r"\.")
        for name, expression in self.patterns.items():
            pattern = pattern.replace(f"{{{name}}}", f"(?P<{name}>{expression})")
        return f"/daglab/api/{pattern}"
