"""The sections of the configuration, and how Dagster is addressed and authenticated."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from daglab.errors import ConfigError

Port = Annotated[int, Field(ge=1, le=65535)]


def _version(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("expected 1")
    return 1 if value in (1, "1", "1.0") else value


Version = Annotated[Literal[1], BeforeValidator(_version)]


class Section(BaseModel):
    """A part of the configuration: immutable, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Auth(Section):
    """How Dagster, or the proxy before it, is told who asks. Secrets stay in a variable or in a file."""

    type: Literal["none", "bearer", "basic", "header"] = "none"
    token_env: str | None = None
    """Name of the variable that holds the token (for ``basic``: the password)."""
    token_file: Path | None = None
    """File that holds it; blanks around it don't count."""
    username: str | None = None
    """For ``basic``."""
    header: str | None = None
    """For ``header``: name of the header that carries the token."""

    @model_validator(mode="after")
    def _complete(self) -> Auth:
        given = {key for key in self.model_fields_set if getattr(self, key) is not None} - {"type"}
        if self.type == "none" and given:
            raise ValueError(f"{', '.join(sorted(given))} without a type; add one: bearer, basic or header")
        if self.type != "none" and len(given & {"token_env", "token_file"}) != 1:
            raise ValueError(f"{self.type} needs token_env or token_file, one of them")
        for type_, key in (("basic", "username"), ("header", "header")):
            if (self.type == type_) != (key in given):
                raise ValueError(f"{key} is for {type_}, and {type_} needs it; the type is {self.type}")
        return self

    def headers(self, token: str | None = None) -> dict[str, str]:
        """The HTTP headers of an authenticated request; empty for ``none``.

        Args:
            token: in place of the one in the variable or file.

        Raises:
            ConfigError: the variable is not set, or the file cannot be read or is empty.
        """
        if self.type == "none":
            return {}
        token = token or self._token()
        if self.type == "header":
            return {self.header or "": token}
        if self.type == "basic":
            token = base64.b64encode(f"{self.username}:{token}".encode()).decode("ascii")
        return {"Authorization": f"{self.type.capitalize()} {token}"}

    def _token(self) -> str:
        if self.token_env:
            token, place = os.environ.get(self.token_env, "").strip(), f"the variable {self.token_env}"
        else:
            path = Path(self.token_file or "").expanduser()
            place = str(path)
            try:
                token = path.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"dagster.auth: {path} cannot be read: {type(error).__name__}") from error
        if not token or not token.isprintable():
            raise ConfigError(
                f"dagster.auth: {place} holds no token", remedy="set it, or set dagster.auth.type to none"
            )
        return token


class Dagster(Section):
    """The Dagster that is talked to."""

    model_config = ConfigDict(
        json_schema_extra={"not": {"required": ["url"], "anyOf": [{"required": ["host"]}, {"required": ["port"]}]}}
    )

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")] = "localhost"
    port: Port = 3000
    url: str | None = None
    """In place of host and port: ``https://dagster.example.com/prod``."""
    repository_name: str = "__repository__"
    repository_location_name: str | None = None
    """The code location; ``None``: what the project's own files say."""
    auth: Auth = Auth()
    timeout: Annotated[float, Field(gt=0)] = 30
    """Seconds for one request."""

    @field_validator("url")
    @classmethod
    def _plain(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("a URL with credentials in it; use dagster.auth")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"expected http(s)://host[:port][/path], not {url!r}")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_address(self) -> Dagster:
        if self.url is not None and self.model_fields_set & {"host", "port"}:
            raise ValueError("url and host or port are both set; keep url, or host and port")
        return self

    @property
    def address(self) -> str:
        """Where Dagster's web server answers, without a slash at the end."""
        if self.url is not None:
            return self.url
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class Marimo(Section):
    """The marimo editor that is started."""

    port: Port = 2718


class Jupyter(Section):
    """The Jupyter server extension."""

    sync_on_save: bool = True


class Executed(Section):
    """Where executed notebooks are kept."""

    storage: str | None = None
    """An fsspec URL; ``None``: a local folder."""
    retention_days: Annotated[int, Field(ge=1)] | None = 30
    """Days until one may be deleted; ``None``: never."""

    @field_validator("storage")
    @classmethod
    def _no_credentials(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).password is not None:
            raise ValueError("a URL with credentials in it; leave them to the storage's own configuration")
        return url or None
