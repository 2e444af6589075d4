"""The options under ``[tool.hatch.build.hooks.daglab]``, read alike by the build hook and by ``daglab check``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from daglab.errors import BuildError, did_you_mean
from daglab.notebook.codes import MEANINGS, can_be_ignored
from daglab.notebook.wrong_values import dotted, wrong_values

TABLE = "tool.hatch.build.hooks.daglab"
# What hatchling itself puts into every hook's table.
_HATCHLING_KEYS = frozenset(
    {"dependencies", "require-runtime-dependencies", "require-runtime-features", "enable-by-default"}
)


class HookOptions(BaseModel):
    """How the notebooks of a project are checked and bundled."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    notebooks: list[str] | None = Field(
        default=None,
        description="Folders (or files) with the notebooks, relative to the project; "
        "default: every notebook of the project with a `[tool.daglab]` header.",
    )
    external: list[str] = Field(
        default=[], description="Keys of upstream assets that other code provides; `*` and `?` are wildcards."
    )
    missing_ipynb: Literal["generate", "error"] = Field(
        default="generate", description="What to do when only the .py half of a pair is there."
    )
    outputs: Literal["strip", "keep"] = Field(
        default="strip", description="Whether outputs of .ipynb files go into wheel and sdist."
    )
    html: bool = Field(default=False, description="Whether the wheel has each notebook as an HTML page, too.")
    ignore: list[str] = Field(default=[], description="Codes of findings to live with; see codes.md.")

    @field_validator("ignore")
    @classmethod
    def _known(cls, codes: list[str]) -> list[str]:
        for code in codes:
            if code not in MEANINGS:
                raise ValueError(f"no finding has the code {code!r}: {did_you_mean(code, MEANINGS)}")
            if not can_be_ignored(code):
                raise ValueError(f"findings of {code} cannot be ignored, because the notebook could not be loaded")
        return codes


def read_options(table: Mapping[str, Any], where: str = TABLE) -> HookOptions:
    """Read the hook's table; keys that belong to hatchling are left out.

    Raises:
        BuildError: an option is unknown, of the wrong type or value.
    """
    own = {key: value for key, value in table.items() if key not in _HATCHLING_KEYS}
    try:
        return HookOptions.model_validate(own)
    except ValidationError as error:
        first = wrong_values(error)[0]
        name = dotted(first.place)
        if first.unknown:
            raise BuildError(
                f"pyproject.toml: [{where}] has no option {name!r}", remedy=did_you_mean(name, HookOptions.model_fields)
            ) from None
        raise BuildError(f"pyproject.toml: [{where}] {name}: {first.message}", remedy="see docs/hook.md") from None
