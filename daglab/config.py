"""The configuration of daglab's tools on a developer's machine: model, sources in their order, JSON Schema.

It never changes what a deployed wheel does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from daglab.config_model import Dagster, Executed, Jupyter, Marimo, Version
from daglab.config_sources import (
    ENV_PREFIX,
    Origin,
    Source,
    environment_sections,
    find_config_file,
    find_root,
    read_source,
    user_config_file,
)
from daglab.errors import ConfigError, did_you_mean
from daglab.key_lines import Place

DEFAULT = Origin("default")


class Config(BaseSettings):
    """The configuration in force. ``Config()`` is the defaults; :func:`load_config` reads the sources."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        title="daglab configuration",
    )

    version: Version = Field(default=1, description="Of this format.")
    notebooks_dir: Path | None = Field(
        default=None,
        description="Where new notebooks go, relative to the project's root; else beside what they are made from.",
    )
    dagster: Dagster = Dagster()
    marimo: Marimo = Marimo()
    jupyter: Jupyter = Jupyter()
    executed: Executed = Executed()
    read_only: bool = Field(default=False, description="No change to Dagster and no write to any file.")

    _origins: Mapping[str, Origin] = PrivateAttr(default_factory=dict)
    _root: Path = PrivateAttr(default_factory=Path.cwd)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: :func:`load_config` merges the sources, because it keeps each value's origin."""
        return (init_settings,)

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Dotted key (``dagster.port``) -> where its value came from."""
        return MappingProxyType({key: self._origins.get(key, DEFAULT) for key in flatten(self.model_dump())})

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._root

    def to_json(self) -> dict[str, Any]:
        """The values as JSON. It has no secrets: the configuration only says where they are."""
        return self.model_dump(mode="json")


def load_config(start: Path | None = None, *, flags: Mapping[str, Any] | None = None) -> Config:
    """Read the configuration that holds in the folder ``start`` (default: the current one).

    ``flags`` are dotted keys (``dagster.port``) from the command line; a value of ``None`` means not given.
    Order: flags, ``DAGLAB_*`` variables, the project's file, the user's file, defaults. Dagster's address (``url``,
    or ``host`` and ``port``) is one decision, and so is its ``auth``: a source that takes it replaces the others'.

    Raises:
        ConfigError: a source cannot be read, or says something that daglab doesn't know;
            ``details["faults"]`` lists each fault with its origin, key and message.
    """
    start = (start or Path.cwd()).absolute()
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for source in _sources(start, flags or {}):
        _drop_replaced(values, origins, source)
        for place, value in source.leaves():
            _set(values, place, value)
            origins[".".join(place)] = source.origin(place)
    config = _validate(values, origins)
    exempt = {name for name in (config.dagster.auth.token_env,) if name}
    if unknown := environment_sections(set(Config.model_fields), exempt):
        raise _refuse([(Origin("environment", name), key, _unknown(key, Config.model_fields)) for name, key in unknown])
    config._origins = origins
    config._root = find_root(start)
    return config


def default_config(start: Path | None = None) -> Config:
    """The defaults, for the project around ``start``: what a doctor goes on with where the sources are wrong."""
    config = Config()
    config._root = find_root((start or Path.cwd()).absolute())
    return config


def config_schema() -> dict[str, Any]:
    """The JSON Schema of ``daglab.yaml`` and of ``[tool.daglab]`` in pyproject.toml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}


def flatten(values: Mapping[str, Any], around: str = "") -> dict[str, Any]:
    """Nested values with dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= flatten(value, f"{around}{key}.") if isinstance(value, Mapping) else {f"{around}{key}": value}
    return flat


def _sources(start: Path, flags: Mapping[str, Any]) -> list[Source]:
    """All sources, the weakest first."""
    sources = []
    if (user := user_config_file()).is_file():
        sources.append(read_source(user, "user file"))
    if project := find_config_file(start):
        sources.append(read_source(project, "file"))
    try:
        sources.append(Source("environment", EnvSettingsSource(Config)()))
    except SettingsError as error:
        raise ConfigError(f"environment: {error}", remedy=f"see {ENV_PREFIX}* variables") from error
    given: dict[str, Any] = {}
    for key, value in flatten(flags).items():
        if value is not None:
            _set(given, tuple(key.split(".")), value)
    return [*sources, Source("flag", given)]


def _drop_replaced(values: dict[str, Any], origins: dict[str, Origin], source: Source) -> None:
    """Forget what weaker sources said of a decision that ``source`` takes anew."""
    mine, theirs = source.values.get("dagster"), values.get("dagster")
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return
    replaced = {"host", "port"} if "url" in mine else {"url"} if mine.keys() & {"host", "port"} else set()
    if isinstance(auth := mine.get("auth"), dict) and "type" in auth:
        replaced.add("auth")
    for key in replaced & theirs.keys():
        del theirs[key]
        for origin in [o for o in origins if o == f"dagster.{key}" or o.startswith(f"dagster.{key}.")]:
            del origins[origin]


def _set(values: dict[str, Any], place: Place, value: Any) -> None:
    for key in place[:-1]:
        below = values.get(key)
        if not isinstance(below, dict):
            values[key] = below = {}
        values = below
    values[place[-1]] = value


def _validate(values: dict[str, Any], origins: Mapping[str, Origin]) -> Config:
    try:
        return Config(**values)
    except ValidationError as error:
        faults = [_fault(details, origins) for details in error.errors()]
        raise _refuse(faults) from None  # pydantic's own message would repeat the values, secrets among them


def _fault(error: Any, origins: Mapping[str, Origin]) -> tuple[Origin, str, str]:
    place = tuple(str(part) for part in error["loc"])
    key = ".".join(place)
    if error["type"] == "extra_forbidden":
        message = _unknown(key, _keys_at(place[:-1]))
    else:
        said = error["msg"].removeprefix("Value error, ")
        message = f"{key}: {said[0].lower()}{said[1:]}"
        if not isinstance(error["input"], dict) and error["type"] != "value_error" and "auth" not in place:
            message += f", not {error['input']!r}"
    near = next((o for name, o in origins.items() if name == key or name.startswith(f"{key}.")), DEFAULT)
    return near, key, message


def _unknown(key: str, known: Any) -> str:
    if key.rsplit(".")[-1] in ("token", "password", "secret"):
        return f"unknown key {key}: secrets don't belong in it; name their variable (token_env) or file (token_file)"
    return f"unknown key {key}: {did_you_mean(key.rsplit('.')[-1], known)}"


def _keys_at(place: Place) -> set[str]:
    fields = Config.model_fields
    for key in place:
        fields = getattr(fields[key].annotation, "model_fields", {})
    return set(fields)


def _refuse(faults: list[tuple[Origin, str, str]]) -> ConfigError:
    lines = [f"{origin}: {message}" for origin, _, message in faults]
    details = [
        {"origin": origin.kind, "name": origin.name, "line": origin.line, "key": key, "message": message}
        for origin, key, message in faults
    ]
    remedy = "see `daglab config schema` for what is known"
    return ConfigError("\n".join(lines), remedy=remedy, details={"faults": details})
