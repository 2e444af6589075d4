"""The kinds of tables that a notebook's header is made of."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


class Table(BaseModel):
    """A table with known keys, each of one type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ShortTable(Table):
    """A table that a string may stand for."""

    short: ClassVar[dict[str, Any]]
    """JSON Schema of the string."""

    @classmethod
    def from_string(cls, text: str) -> dict[str, Any]:
        """The table that ``text`` stands for; raises ValueError where it stands for none."""
        raise NotImplementedError

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        if not isinstance(value, str | dict | cls):
            raise ValueError(f"a string or a table is wanted, not {value!r}")
        return cls.from_string(value) if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", **cls.short}, handler(core_schema)]}


class OneOf(Table):
    """A table of which exactly one key is given."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    @model_validator(mode="after")
    def _one(self) -> OneOf:
        if not self.model_fields_set:
            raise ValueError(f"name one of {', '.join(type(self).model_fields)}")
        if len(self.model_fields_set) > 1:
            given = [name for name in type(self).model_fields if name in self.model_fields_set]
            raise ValueError(f"name one of {', '.join(given)}, which exclude each other")
        return self

    @property
    def named(self) -> str:
        """The key that is given."""
        return next(iter(self.model_fields_set))
