"""The sections of the configuration, and how Dagster is addressed and authenticated."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from daglab.dagster_address import is_loopback, require_dagster_url, require_host
from daglab.errors import ConfigError, MissingExtraError

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

    type: Literal["none", "bearer", "basic", "header"] = Field(
        default="none",
        description="How: not at all, by a bearer token, by a user's name and password, or by a header of its own.",
    )
    token_env: str | None = Field(
        default=None, description="Name of the variable that holds the token (for `basic`: the password)."
    )
    token_file: Path | None = Field(default=None, description="File that holds it; blanks around it don't count.")
    token_keyring: Annotated[str, Field(pattern=r"^[^/]+/.+$")] | None = Field(
        default=None, description="`service/username` under which the system's keyring holds it; needs daglab[keyring]."
    )
    username: str | None = Field(default=None, description="For `basic`.")
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")] | None = Field(
        default=None, description="For `header`: name of the header that carries the token."
    )
    allow_plain_http: bool = Field(
        default=False,
        description="Send it over http:// to another machine as well, where everybody in between can read it.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Auth:
        given = {key for key in self.model_fields_set if getattr(self, key) not in (None, False)} - {"type"}
        if self.type == "none" and given:
            raise ValueError(f"{', '.join(sorted(given))} without a type; add one: bearer, basic or header")
        if self.type != "none" and len(given & {"token_env", "token_file", "token_keyring"}) != 1:
            raise ValueError(f"{self.type} needs token_env or token_file or token_keyring, one of them")
        for type_, key in (("basic", "username"), ("header", "header")):
            if (self.type == type_) != (key in given):
                raise ValueError(f"{key} is for {type_}, and {type_} needs it; the type is {self.type}")
        return self

    def headers(self, token: str | None = None) -> dict[str, str]:
        """The HTTP headers of an authenticated request; empty for ``none``.

        Args:
            token: in place of the one in the variable, file or keyring.

        Raises:
            ConfigError: there is no token where it should be, or it is none that a header can carry.
            MissingExtraError: a keyring is named, and daglab[keyring] is not installed.
        """
        if self.type == "none":
            return {}
        place = "the refreshed token"
        if token is None:
            token, place = self._token()
        if not token or not token.isprintable() or not (token.isascii() or self.type == "basic"):
            raise ConfigError(
                f"dagster.auth: {place} holds no token", remedy="set it, or set dagster.auth.type to none"
            )
        if self.type == "header":
            return {self.header or "": token}
        if self.type == "basic":
            token = base64.b64encode(f"{self.username}:{token}".encode()).decode("ascii")
        return {"Authorization": f"{self.type.capitalize()} {token}"}

    def _token(self) -> tuple[str, str]:
        """The token and where it is from."""
        if self.token_env:
            return os.environ.get(self.token_env, "").strip(), f"the variable {self.token_env}"
        if self.token_keyring:
            return _from_keyring(self.token_keyring), f"the keyring's {self.token_keyring}"
        path = Path(self.token_file or "").expanduser()
        try:
            return path.read_text("utf-8").strip(), str(path)
        except OSError as error:
            raise ConfigError(f"dagster.auth: {path} cannot be read: {type(error).__name__}") from error
        except UnicodeDecodeError:  # it has what it could not decode in it
            raise ConfigError(f"dagster.auth: {path} cannot be read: it is not UTF-8") from None


def _from_keyring(name: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise MissingExtraError("keyring", needed_for="dagster.auth.token_keyring") from error
    service, _, username = name.partition("/")
    try:
        return keyring.get_password(service, username) or ""
    except KeyringError as error:
        raise ConfigError(
            f"dagster.auth: the keyring does not open: {type(error).__name__}",
            remedy="unlock it, or use token_env or token_file",
        ) from error


class Dagster(Section):
    """The Dagster that is talked to."""

    model_config = ConfigDict(
        json_schema_extra={"not": {"required": ["url"], "anyOf": [{"required": ["host"]}, {"required": ["port"]}]}}
    )

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")] = Field(
        default="localhost", description="The machine on which it runs."
    )
    port: Port = Field(default=3000, description="Its web server's port.")
    url: str | None = Field(default=None, description="In place of host and port: `https://dagster.example.com/prod`.")
    repository_name: str = Field(
        default="__repository__",
        description="The repository in the code location; what it is called where nobody has named it.",
    )
    repository_location_name: str | None = Field(
        default=None, description="The code location; without it: what the project's own files say."
    )
    auth: Auth = Field(default=Auth(), description="How it is told who asks.")
    timeout: Annotated[float, Field(gt=0)] = Field(default=30, description="Seconds for one request.")

    @field_validator("host")
    @classmethod
    def _plain_host(cls, host: str) -> str:
        require_host(host)
        return host

    @field_validator("url")
    @classmethod
    def _plain(cls, url: str | None) -> str | None:
        return None if url is None else require_dagster_url(url)

    @model_validator(mode="after")
    def _one_address(self) -> Dagster:
        if self.url is not None and self.model_fields_set & {"host", "port"}:
            raise ValueError("url and host or port are both set; keep url, or host and port")
        return self

    @model_validator(mode="after")
    def _private(self) -> Dagster:
        parts = urlsplit(self.address)
        plain = parts.scheme == "http" and not is_loopback(parts.hostname or "")
        if self.auth.type != "none" and plain and not self.auth.allow_plain_http:
            raise ValueError(
                f"{self.address} would get the token in plain text; use https://, or set auth.allow_plain_http"
            )
        return self

    @property
    def address(self) -> str:
        """Where Dagster's web server answers, without a slash at the end."""
        if self.url is not None:
            return self.url
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class Marimo(Section):
    """The marimo editor that is started."""

    port: Port = Field(default=2718, description="Where it is to listen; if that is taken, the next free port is.")


class Jupyter(Section):
    """The Jupyter server extension."""

    sync_on_save: bool = Field(default=True, description="To save one half of a pair syncs the other.")


class Executed(Section):
    """Where executed notebooks are kept."""

    storage: str | None = Field(default=None, description="An fsspec URL; without it: a local folder.")
    retention_days: Annotated[int, Field(ge=1)] | None = Field(
        default=30, description="Days until one may be deleted; null: never."
    )

    @field_validator("storage")
    @classmethod
    def _no_credentials(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).password is not None:
            raise ValueError("a URL with credentials in it; leave them to the storage's own configuration")
        return url or None
