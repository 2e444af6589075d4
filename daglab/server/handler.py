"""The base of all REST handlers: one error shape, bodies checked by a model, nothing sniffed."""

from __future__ import annotations

import json
from http.client import responses
from types import TracebackType
from typing import Any, ClassVar, TypeVar

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from pydantic import BaseModel, ValidationError
from tornado.web import HTTPError

from daglab.errors import DaglabError, ReadOnlyError, RequestError
from daglab.server.services import SETTING, Services

_MAX_BODY_BYTES = 2_000_000

Model = TypeVar("Model", bound=BaseModel)


class DaglabHandler(APIHandler):
    """A handler under ``daglab/api/``. A method may raise any DaglabError; it becomes the answer.

    Authentication and authorization are asked for here, before any method, so that no handler can forget them.
    """

    auth_resource: ClassVar[str]
    """What the Authorizer is asked about."""

    actions: ClassVar[dict[str, str]] = {"GET": "read", "HEAD": "read"}
    """HTTP method -> the Authorizer's action; ``execute`` for all that are not listed."""

    async def prepare(self) -> None:  # type: ignore[override] # as Jupyter's own APIHandler narrows it
        """Refuse, with 403, everyone but authorized users; XSRF and origin are checked by Jupyter's handler."""
        await super().prepare()
        if self.request.method == "OPTIONS":  # a preflight has no credentials and learns nothing
            return
        if not self.current_user:
            raise HTTPError(403, "Log in to the Jupyter server first.")
        action = self.actions.get(self.request.method or "", "execute")
        authorizer = self.authorizer
        if not await ensure_async(authorizer.is_authorized(self, self.current_user, action, self.auth_resource)):
            raise HTTPError(403, f"You are not authorized to {action} {self.auth_resource}.")

    @property
    def services(self) -> Services:
        """What the extension set up."""
        services = self.settings[SETTING]
        assert isinstance(services, Services)
        return services

    def set_default_headers(self) -> None:
        """No browser may guess another type than JSON, nor keep what it got."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    def answer(self, model: BaseModel, status: int = 200) -> None:
        """End the request with ``model`` as JSON."""
        self.set_status(status)
        self.finish(model.model_dump_json())

    def body(self, kind: type[Model]) -> Model:
        """The request's body as a ``kind``; raises RequestError that lists each fault in it."""
        raw = self.request.body
        if len(raw) > _MAX_BODY_BYTES:
            raise RequestError(f"The body is larger than {_MAX_BODY_BYTES} bytes.", remedy="send less at once")
        try:
            return kind.model_validate_json(raw)
        except ValidationError as error:
            faults = [
                {"field": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
                for fault in error.errors(include_url=False, include_context=False, include_input=False)
            ]
            shown = "; ".join(f"{fault['field'] or 'body'}: {fault['message']}" for fault in faults[:3])
            raise RequestError(
                f"The request is not valid: {shown}.", remedy="see docs/rest-api.md", details={"faults": faults}
            ) from None

    def refuse_if_read_only(self, what: str) -> None:
        """Raise ReadOnlyError where the configuration forbids changes; ``what`` begins the message."""
        if self.services.read_only:
            raise ReadOnlyError(f"{what}: daglab is set to read only.", remedy="set read_only to false in daglab.yaml")

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """A DaglabError answers with its own status, not with 500."""
        error = _error(kwargs)
        super().send_error(error.http_status if isinstance(error, DaglabError) else status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The one shape of errors. What was not foreseen is in the server's log only."""
        error = _error(kwargs)
        if isinstance(error, DaglabError):
            self.finish(json.dumps(error.to_json()))
            return
        message = responses.get(status_code, "Unknown error")
        if isinstance(error, HTTPError) and error.log_message and status_code < 500:
            message = error.log_message
        remedy = "the Jupyter server's log says more" if status_code >= 500 else ""
        shape = {"code": f"http-{status_code}", "message": message, "remedy": remedy, "details": {}}
        self.finish(json.dumps({"error": shape}))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """An error that was foreseen is one line, not a traceback."""
        if isinstance(value, DaglabError):
            self.log.warning("daglab: %s %s: %s", self.request.method, self.request.path, value)
        else:
            super().log_exception(typ, value, tb)


def _error(kwargs: dict[str, Any]) -> BaseException | None:
    info = kwargs.get("exc_info")
    return info[1] if info else None
