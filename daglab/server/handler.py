"""The base of all REST handlers: one error shape, requests checked by models, nothing sniffed."""

from __future__ import annotations

import json
from http.client import responses
from types import TracebackType
from typing import Any, ClassVar, TypeVar, get_origin

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import ensure_async
from pydantic import BaseModel, Field, ValidationError
from tornado.web import HTTPError

from daglab.errors import DaglabError, ReadOnlyError, RequestError
from daglab.server.lane import BusyServerError
from daglab.server.models import Model, Query
from daglab.server.operation import operation_of
from daglab.server.paths import refuse_hidden
from daglab.server.services import SETTING, Services

_MAX_BODY_BYTES = 2_000_000
_MOST_NESTED = 50_000
"""Lists and objects in a body: to read more would keep all others waiting."""
_TOLD, _LISTABLE, _LONGEST_FIELD = 20, 20_000, 200
"""Faults of a request that are told, and how many may be counted for that; characters of a field's name."""
_JSON_TYPES = ("", "application/json", "application/x-www-form-urlencoded")
"""The last one is what `curl -d` says of everything; another site's form gets no further than the XSRF check."""
_JUPYTERS_PARAMETERS = ("token", "_xsrf")

BodyModel = TypeVar("BodyModel", bound=BaseModel)
QueryModel = TypeVar("QueryModel", bound=Query)


class Fault(Model):
    """An error: ``code`` is stable, ``remedy`` says what to do."""

    code: str
    message: str
    remedy: str
    details: dict[str, Any] = Field(default={})


class ErrorModel(Model):
    """The one shape of all errors."""

    error: Fault


async def refuse_unauthorized(handler: JupyterHandler, action: str, resource: str) -> None:
    """Raise 403 for everyone but users who may do ``action`` to ``resource``."""
    if not handler.current_user:
        raise HTTPError(403, "Log in to the Jupyter server first.")
    if not await ensure_async(handler.authorizer.is_authorized(handler, handler.current_user, action, resource)):
        raise HTTPError(403, f"You are not authorized to {action} {resource}.")


class JsonErrors(JupyterHandler):
    """Errors in their one shape, as JSON that no browser takes for anything else."""

    def set_default_headers(self) -> None:
        """No browser may guess another type than JSON, nor keep what it got."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """A DaglabError answers with its own status, not with 500."""
        error = _error(kwargs)
        super().send_error(error.http_status if isinstance(error, DaglabError) else status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The one shape of errors. What was not foreseen is in the server's log only."""
        error = _error(kwargs)
        if isinstance(error, DaglabError):
            if isinstance(error, BusyServerError):
                self.set_header("Retry-After", "5")
            self._finish_with(error.to_json())
            return
        message = responses.get(status_code, "Unknown error")
        if isinstance(error, HTTPError) and error.log_message and status_code < 500:
            message = error.log_message
        remedy = "the Jupyter server's log says more" if status_code >= 500 else ""
        shape = {"code": f"http-{status_code}", "message": message, "remedy": remedy, "details": {}}
        self._finish_with({"error": shape})

    def _finish_with(self, fault: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(fault))

    def log_exception(
        self,
        typ: type[BaseException] | None,  # noqa: ARG002
        value: BaseException | None,
        tb: TracebackType | None,  # noqa: ARG002
    ) -> None:
        """An error that was foreseen is one line, not a traceback; Tornado's own would have the token of an address."""
        asked = self.request.method, self.request.path
        if isinstance(value, DaglabError | HTTPError):
            self.log.warning("daglab: %s %s: %s", *asked, value)
        else:
            self.log.error("daglab: %s %s failed", *asked, exc_info=value)


class DaglabHandler(JsonErrors, APIHandler):
    """A handler under ``daglab/api/``. A method may raise any DaglabError; it becomes the answer.

    Authentication and authorization are asked for here, before any method, so that no handler can forget them.
    """

    auth_resource: ClassVar[str]
    """What the Authorizer is asked about."""

    async def prepare(self) -> None:  # type: ignore[override] # as Jupyter's own APIHandler narrows it
        """Refuse, with 403, everyone but authorized users; XSRF and origin are checked by Jupyter's handler."""
        await super().prepare()
        if self.request.method == "OPTIONS":  # a preflight has no credentials and learns nothing
            return
        operation = operation_of(type(self), self.request.method or "")
        # A method that doesn't exist is told to those who may read.
        await refuse_unauthorized(self, operation.action if operation else "read", self.auth_resource)
        if operation and operation.query is None:
            self.query(Query)
        if operation and operation.body is not None:
            self._refuse_other_bodies()
        await self.services.live.refresh()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """As :class:`JsonErrors` does; an unknown method is told the known ones, as RFC 9110 wants."""
        if status_code == 405:
            known = [method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if operation_of(type(self), method)]
            self.set_header("Allow", ", ".join([*known, "OPTIONS"]))
        super().write_error(status_code, **kwargs)

    @property
    def services(self) -> Services:
        """What the extension set up."""
        services = self.settings[SETTING]
        assert isinstance(services, Services)
        return services

    def answer(self, model: BaseModel, status: int = 200) -> None:
        """End the request with ``model`` as JSON."""
        self.set_status(status)
        self.finish(model.model_dump_json())

    def body(self, kind: type[BodyModel]) -> BodyModel:
        """The request's body as a ``kind``; raises RequestError that lists each fault in it."""
        sent = self.request.body
        if sent.count(b"[") + sent.count(b"{") > _MOST_NESTED:
            raise HTTPError(413, f"The body has more than {_MOST_NESTED} lists and objects; send less at once.")
        try:
            return kind.model_validate_json(sent)
        except ValidationError as error:
            raise _not_valid(error, "body") from None

    def query(self, kind: type[QueryModel]) -> QueryModel:
        """The parameters behind the ``?`` as a ``kind``; raises RequestError that lists each fault in them."""
        given: dict[str, Any] = {}
        for name, values in self.request.query_arguments.items():
            if name in _JUPYTERS_PARAMETERS or name.isdecimal():  # JupyterLab adds the time, against caches
                continue
            texts = [value.decode("utf-8", "replace") for value in values]
            field = kind.model_fields.get(name)
            given[name] = texts if len(texts) > 1 or (field and get_origin(field.annotation) is list) else texts[0]
        try:
            return kind.model_validate(given)
        except ValidationError as error:
            raise _not_valid(error, "query") from None

    def _refuse_other_bodies(self) -> None:
        if len(self.request.body) > _MAX_BODY_BYTES:
            raise HTTPError(413, f"The body is larger than {_MAX_BODY_BYTES} bytes; send less at once.")
        sent = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if sent not in _JSON_TYPES:
            raise HTTPError(415, f"Send the body as application/json, not as {sent}.")

    def refuse_if_hidden(self, path: str | None) -> None:
        """Raise MissingFileError for a path that Jupyter doesn't show either."""
        if path and not self.contents_manager.allow_hidden:
            refuse_hidden(path)

    def refuse_if_read_only(self, what: str) -> None:
        """Raise ReadOnlyError where the configuration forbids changes, ConfigError where it is wrong.

        ``what`` begins the message.
        """
        if self.services.config.read_only:
            raise ReadOnlyError(f"{what}: daglab is set to read only.", remedy="set read_only to false in daglab.yaml")


def _error(kwargs: dict[str, Any]) -> BaseException | None:
    info = kwargs.get("exc_info")
    return info[1] if info else None


def _not_valid(error: ValidationError, part: str) -> RequestError:
    count = error.error_count()
    # To list very many, of which none but the first would be told, takes a fifth of a second.
    found = error.errors(include_url=False, include_context=False, include_input=False) if count < _LISTABLE else []
    faults = [
        {"field": ".".join(str(place) for place in fault["loc"])[:_LONGEST_FIELD], "message": fault["msg"]}
        for fault in found[:_TOLD]
    ]
    shown = "; ".join(f"{fault['field'] or part}: {fault['message']}" for fault in faults[:3]) or f"{count} faults"
    return RequestError(
        f"The request is not valid: {shown}.",
        remedy="see docs/rest-api.md",
        details={"faults": faults, "count": count},
    )
