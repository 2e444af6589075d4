"""What all models of the REST API have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Something that the API answers or takes.

    pydantic prepares it when it is first used: to prepare all of them would slow the start of every Jupyter server.
    """

    model_config = ConfigDict(defer_build=True)


class Query(Model):
    """The parameters behind the ``?``: each at most once, except for those that are lists; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class Body(Model):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")
