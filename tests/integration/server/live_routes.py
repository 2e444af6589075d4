"""daglab's routes and websockets as the live application has them, so that a test can't forget one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tornado.routing import RuleRouter
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SAMPLES = ("some-thing", "1", "a.py", "0f0f0f0f-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class LiveRoute:
    """A path with ``{name}`` for each parameter, and all that answers there."""

    template: str
    pattern: str
    methods: tuple[str, ...]
    is_socket: bool

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.template)

    @property
    def resource(self) -> str:
        """The template below ``daglab/``."""
        return self.template.rpartition("/daglab/")[2]

    @property
    def is_api(self) -> bool:
        return self.resource.startswith("api")

    def path(self, values: Mapping[str, str] | None = None) -> str:
        """The path with ``values``, and with samples that fit for the others."""
        path = self.template
        for name, value in (values or {}).items():
            path = path.replace(f"{{{name}}}", value)
        fits = [filled for sample in _SAMPLES if re.fullmatch(self.pattern, filled := _fill(path, sample))]
        return fits[0] if fits else _fill(path, _SAMPLES[0])


def live_routes(app: Any) -> list[LiveRoute]:
    """All routes of daglab; each has at least one method, each parameter a sample that fits."""
    found = []
    for pattern, handler in _rules(app.default_router):
        if "daglab" not in pattern or not issubclass(handler, RequestHandler):
            continue
        methods = [m for m in METHODS if getattr(handler, m.lower()) is not RequestHandler._unimplemented_method]
        route = LiveRoute(_template(pattern), pattern, tuple(methods), issubclass(handler, WebSocketHandler))
        assert re.fullmatch(pattern, route.path()), f"no sample fits {pattern}"
        found.append(route)
    return found


def _rules(router: RuleRouter) -> Iterator[tuple[str, Any]]:
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from _rules(rule.target)
        elif regex := getattr(rule.matcher, "regex", None):
            yield regex.pattern, rule.target


def _template(pattern: str) -> str:
    """The pattern with each group as a ``{name}``; groups without one are ``{rest}`` with the slash before it."""
    text = pattern.rstrip("$").replace("(?:/.*)?", "/{rest}").replace("(/.*)", "/{rest}")
    while found := re.search(r"\(\?P<(\w+)>", text):
        depth, end = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0) if text[end - 1] != "\\" else 0
            end += 1
        text = f"{text[: found.start()]}{{{found[1]}}}{text[end:]}"
    return text.replace("\\", "")


def _fill(path: str, sample: str) -> str:
    return re.sub(r"\{\w+\}", lambda _: sample, path)
